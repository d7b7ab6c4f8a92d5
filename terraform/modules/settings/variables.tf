variable "project_id" {
  description = "Project everything lives in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is not a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter. Use the id, not the project's name or number."
  }
}

variable "region" {
  description = "Region Spark runs in and the datasets live in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is not a region. Use one such as europe-west1."
  }
}

variable "zone_buckets" {
  description = "Bucket of each lake zone: raw, events, quarantine and ledger."
  type        = map(string)

  validation {
    condition     = toset(keys(var.zone_buckets)) == toset(["raw", "events", "quarantine", "ledger"])
    error_message = "zone_buckets names the zones ${join(", ", keys(var.zone_buckets))}; it must name raw, events, quarantine and ledger, no more and no fewer."
  }
}

variable "code_bucket" {
  description = "Bucket that holds the Spark job and the footfall package."
  type        = string

  validation {
    condition     = !startswith(var.code_bucket, "gs://") && length(var.code_bucket) > 0
    error_message = "code_bucket \"${var.code_bucket}\" must be a bucket's name, without gs://."
  }
}

variable "datasets" {
  description = "Dataset of each warehouse layer: events, build and marts."
  type        = map(string)

  validation {
    condition     = toset(keys(var.datasets)) == toset(["events", "build", "marts"])
    error_message = "datasets names the layers ${join(", ", keys(var.datasets))}; it must name events, build and marts, no more and no fewer."
  }
}

variable "spark_service_account" {
  description = "Address of the service account Spark runs as."
  type        = string

  validation {
    condition     = can(regex("^[^@:]+@[^@]+$", var.spark_service_account))
    error_message = "spark_service_account \"${var.spark_service_account}\" must be an address, without serviceAccount: before it."
  }
}
