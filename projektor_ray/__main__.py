"""`python -m projektor_ray`: the command `projektor` where no script is on the path."""

from projektor_ray.cli import main

if __name__ == "__main__":
    main()
