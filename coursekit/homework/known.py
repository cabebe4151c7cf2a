"""Names of the usual libraries, by what a call of them shows or gives back."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


CHANGES = _names(  # functions and methods that change a thing and give nothing back
    """
    add append clear extend insert remove reverse sort update
    """
)
RETURNS_NOTHING = CHANGES | _names(  # and others that give nothing back
    """
    backward basicConfig chdir claim close copyto delattr discard dump empty_cache
    extractall fill_diagonal filterwarnings install ioff ion load_ext makedirs manual_seed_all
    measure mkdir print register_buffer resetwarnings rmtree save savefig savetxt savez seed
    setLevel set_default_dtype set_num_threads set_option set_printoptions set_seed set_theme
    setattr shuffle simplefilter step synchronize tight_layout to_csv to_parquet unlink use
    use_deterministic_algorithms zero_grad
    """
)
RETURNS_SELF = _names(  # that show nothing, but may give something back
    """
    axis collect compile cpu cuda eval float grid legend load_state_dict manual_seed
    requires_grad_ to train write_text
    """
)
DRAWS = _names("boxplot hist imshow plot scatter summary")  # give something back, and show more
RETURNS_VALUE = (
    DRAWS
    | frozenset(dir(str))
    | _names(  # that give something back, text methods among them
        """
    agg aggregate apply argmax argmin astype children copy corr crosstab describe
    detach drop dropna exists fillna flatten get_params groupby head isna isnull
    item items keys max mean median memory_usage merge min named_parameters ndim nlargest
    notna nsmallest numel numpy nunique parameters permute pivot_table predict
    predict_proba quantile query read read_text rename reset_index reshape round sample
    score set_index size sort_index sort_values squeeze state_dict std sum
    tail to_frame to_html to_string tolist transform transpose unique unsqueeze value_counts
    values var view
    """
    )
)
VALUE_MODULES = _names(  # whose functions give something back
    """
    math numpy pandas random statistics torch torch.nn.functional
    """
)
NO_VALUE = ("set", "use", "reset", "init", "save", "assert", "download", "test")  # but not these

SHOWING_NAMES = _names(  # functions that show something
    """
    display help input pp pprint print show
    """
)
SHOWING_METHODS = _names(  # methods that do
    """
    display figure imshow pprint say show table
    """
)
BARS = _names(  # progress bars
    """
    tqdm tqdm_notebook track trange trange_notebook
    """
)
OFF_SCREEN = _names(  # of matplotlib and seaborn: what draws nothing
    """
    close cm color_palette colormaps get_cmap get_dataset_names get_fignums ioff ion
    load_dataset rc rcParams rc_context rcdefaults reset_defaults savefig set set_cmap
    set_context set_palette set_style set_theme style switch_backend
    """
)
SILENT_LINES = _names(  # line magics that show nothing
    """
    aimport autoreload capture gui load_ext logoff matplotlib page pinfo pinfo2 reload_ext
    reset reset_selective unload_ext
    """
)
SHOWING_LINES = _names(  # line magics that do
    """
    cat cd conda dir env history ll ls lsmagic magic mamba memit pip pprint precision psearch
    pwd set_env tensorboard time timeit uv watermark who who_ls whos xmode
    """
)
SHOWING_CELLS = _names(  # cell magics that do
    """
    HTML SVG file html javascript js latex markdown memit svg time timeit writefile
    """
)
PYTHON_CELLS = _names(  # cell magics whose body leaves its names behind
    """
    capture memit prun time
    """
)
SILENT_COMMANDS = _names(  # of the shell, that show nothing
    """
    chmod cp export ln mkdir mv rm rmdir sleep touch
    """
)
SHOWING_COMMANDS = _names(  # that do
    """
    conda date df du echo free ls lscpu nvidia-smi pip pip3 pwd uname whoami
    """
)
QUIET = _names(  # what hushes a command
    """
    &> --quiet -q -qq -qqq 2>&1 > >>
    """
)
