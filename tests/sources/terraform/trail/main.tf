resource "aws_kms_key" "this" {
  count                    = 1
  customer_master_key_spec = "RSA_2048"
  key_usage                = "SIGN_VERIFY"
}

resource "aws_kms_key_policy" "this" {
  key_id = aws_kms_key.this[0].key_id
  policy = data.aws_iam_policy_document.this.json
}

data "aws_iam_policy_document" "this" {
  statement {
    effect    = "Deny"
    actions   = ["kms:*"]
    resources = ["${aws_kms_key.this[0].arn}"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
