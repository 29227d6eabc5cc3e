"""CloudFormation: the resources that moto's stacks lack."""
