"""AWS Config, of which moto has the rules and recorders and little else."""
