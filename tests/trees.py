"""Small trees of files, shared by the tests of data sets."""


def tree(folder, files):
    """Write files, name -> bytes, into a folder -> the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
