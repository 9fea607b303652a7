"""The command line: `localcloud`, or `python -m localcloud`."""
