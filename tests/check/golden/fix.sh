# policies/denied.json: added "Allow Config to use KMS for encryption"; and is still non-compliant
# cannot be repaired here: CONFIG_ACCESS: "DenyOutsideOrg" denies kms:Decrypt to config.amazonaws.com; add StringNotEqualsIfExists aws:PrincipalServiceName ["cloudtrail.amazonaws.com", "config.amazonaws.com"] to its Condition (BoolIfExists aws:PrincipalIsAWSService "false" would spare all AWS services)
# for the Condition of that Deny: {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}}
# cannot be repaired here: CLOUDTRAIL_ACCESS: "DenyOutsideOrg" denies kms:Decrypt to cloudtrail.amazonaws.com; add StringNotEqualsIfExists aws:PrincipalServiceName ["cloudtrail.amazonaws.com", "config.amazonaws.com"] to its Condition (BoolIfExists aws:PrincipalIsAWSService "false" would spare all AWS services)
# for the Condition of that Deny: {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}}
# assumed: nothing but the policy is known: the key is taken for an enabled, symmetric, single-Region, customer managed key
# assumed: the key is in account 111122223333 and Region us-east-1; --key-arn would tell
# no command: the key's ARN, or a part of its policy, is not known; to be added to the policy:
# {
#   "Sid": "Allow Config to use KMS for encryption",
#   "Effect": "Allow",
#   "Principal": {
#     "Service": "config.amazonaws.com"
#   },
#   "Action": [
#     "kms:Decrypt",
#     "kms:GenerateDataKey"
#   ],
#   "Resource": "*"
# }
