"""`python -m include.cli`: the command line where the console script is not installed."""

from include.cli.app import main

main()
