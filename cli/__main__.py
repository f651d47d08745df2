"""`python -m cli` is the `cropshield` command."""

from cli.main import main

if __name__ == "__main__":
    main()
