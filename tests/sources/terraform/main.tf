# What plan.json and state.json are of: `terraform plan` and `terraform show -json` of Terraform 1.11, with the AWS
# provider 5.100 and moto behind it, then applied. update.json is a further plan, in which aws_kms_key.default is
# gone for aws_kms_key.later, and aws_kms_key.known does without CloudTrail. Key ids were replaced by example ids.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}

variable "region" { default = "us-east-1" }
variable "admin" { default = "arn:aws:iam::111122223333:role/admin" }

provider "aws" {
  region                      = var.region
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  endpoints {
    kms = "http://127.0.0.1:5055"
    sts = "http://127.0.0.1:5055"
    iam = "http://127.0.0.1:5055"
  }
}

provider "aws" {
  alias                       = "ireland"
  region                      = "eu-west-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  endpoints {
    kms = "http://127.0.0.1:5055"
    sts = "http://127.0.0.1:5055"
    iam = "http://127.0.0.1:5055"
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  trail   = "arn:aws:cloudtrail:${var.region}:${local.account}:trail/aws-controltower-BaselineCloudTrail"
}

# Its policy is a document that refers to the key, by a resource of its own.
resource "aws_kms_key" "logs" {
  description = "The landing zone's key"
}

data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "Root"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${local.account}:root"]
    }
  }
  statement {
    sid       = "Config"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.logs.arn]
    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }
  }
  statement {
    sid       = "CloudTrail"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = [aws_kms_key.logs.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail]
    }
    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:aws:cloudtrail:arn"
      values   = ["arn:aws:cloudtrail:*:${local.account}:trail/*"]
    }
  }
}

resource "aws_kms_key_policy" "logs" {
  key_id = aws_kms_key.logs.key_id
  policy = data.aws_iam_policy_document.logs.json
}

# Its policy is text, known before.
resource "aws_kms_key" "known" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Root", Effect = "Allow", Principal = { AWS = "arn:aws:iam::${local.account}:root" }, Action = "kms:*", Resource = "*" },
      { Sid = "Logs", Effect = "Allow", Principal = { Service = ["config.amazonaws.com", "cloudtrail.amazonaws.com"] }, Action = ["kms:Decrypt", "kms:GenerateDataKey*"], Resource = "*" },
    ]
  })
}

# No policy at all: KMS gives the default one.
resource "aws_kms_key" "default" {
  is_enabled = false
}

# Text with the key's own ARN in it: not known before.
resource "aws_kms_key" "encoded" {}

resource "aws_kms_key_policy" "encoded" {
  key_id = aws_kms_key.encoded.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = var.admin }, Action = "kms:*", Resource = aws_kms_key.encoded.arn }]
  })
}

# Two of one name.
resource "aws_kms_key" "each" {
  for_each = toset(["a", "b"])
}

resource "aws_kms_key_policy" "each" {
  for_each = aws_kms_key.each
  key_id   = each.value.key_id
  policy   = aws_kms_key.known.policy
}

resource "aws_kms_external_key" "imported" {
  description = "without material"
}

resource "aws_kms_key" "primary" {
  provider     = aws.ireland
  multi_region = true
}

resource "aws_kms_replica_key" "replica" {
  primary_key_arn = aws_kms_key.primary.arn
}

module "trail" {
  source = "./trail"
}
