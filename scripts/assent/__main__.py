"""`python -m assent`, for a checkout that nothing was installed from."""

from assent.cli import main

if __name__ == "__main__":
    main()
