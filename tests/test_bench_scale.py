"""Small and large sets take turns, and the table says what was measured."""

from itertools import repeat

from coursekit import bench_scale


def test_a_picture_of_a_large_set_is_timed_beside_one_of_a_small_set(monkeypatch, capsys):
    monkeypatch.setattr(bench_scale, "SIZES", (200, 400))
    bench_scale.main(quick=True)
    head, titles, *rows = capsys.readouterr().out.splitlines()
    assert "200" in titles and "400" in titles
    assert [row.split()[0] for row in rows] == ["autoencoder", "faces"]
    for row in rows:
        small, large, ratio, _ = map(float, row.split()[1:])
        assert small > 0 and abs(ratio - large / small) < 0.1


def test_a_loop_that_slows_down_with_its_size_is_seen(monkeypatch):
    speeds = {1_000: 8.0, 60_000: 2.0}
    monkeypatch.setattr(bench_scale, "rate", lambda loop, seconds: next(loop))
    row = bench_scale.measure(lambda size: repeat(speeds[size]), rounds=3, seconds=0)
    assert row.milliseconds == (125.0, 500.0) and row.ratio == 4
