"""Runtime: what every step runs in. The engine reaches the files of its pass and nothing else."""
