"""What a supervisor does with rule packs at the command line: check, try, test, compare, publish."""
