"""`python -m runner` is the same command as `askpix`."""

from runner.cli import main

if __name__ == "__main__":
    main()
