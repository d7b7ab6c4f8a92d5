variable "project_id" {
  description = "Project the bucket is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is not a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter. Use the id, not the project's name or number."
  }
}

variable "name" {
  description = "Name of the bucket, unique in all of Cloud Storage."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.name)) && !startswith(var.name, "goog")
    error_message = "name \"${var.name}\" is not a bucket name: 3 to 63 lower-case letters, digits, dashes and underscores, starting and ending with a letter or digit, not starting with \"goog\"."
  }
}

variable "location" {
  description = "Region, dual-region or multi-region of the bucket, such as europe-west1 or EU. It cannot be changed later."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z]+[0-9]*(-[A-Za-z]+[0-9]+)?$", var.location))
    error_message = "location \"${var.location}\" is not a location. Use a region such as europe-west1 or a multi-region such as EU."
  }
}

variable "storage_class" {
  description = "Storage class of new objects: STANDARD, NEARLINE, COLDLINE or ARCHIVE."
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"], var.storage_class)
    error_message = "storage_class \"${var.storage_class}\" is not one of STANDARD, NEARLINE, COLDLINE, ARCHIVE."
  }
}

variable "labels" {
  description = "Labels of the bucket, for cost reports and searches."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 characters, keys starting with a letter."
  }
}

variable "versioning" {
  description = "Keep an overwritten or deleted object as a noncurrent version for noncurrent_delete_after_days."
  type        = bool
  default     = true
}

variable "noncurrent_delete_after_days" {
  description = "Days a noncurrent version is kept. Erasing a person's data is complete only when these days and soft_delete_days are over."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_delete_after_days >= 1 && floor(var.noncurrent_delete_after_days) == var.noncurrent_delete_after_days
    error_message = "noncurrent_delete_after_days is ${var.noncurrent_delete_after_days}; it must be a whole number of days, at least 1. To keep no versions, set versioning = false."
  }
}

variable "delete_after_days" {
  description = "Days after which an object is deleted; null keeps objects for ever. Never set it on a Delta table: the table would lose files it still lists."
  type        = number
  default     = null

  validation {
    condition     = var.delete_after_days == null || try(var.delete_after_days >= 1 && floor(var.delete_after_days) == var.delete_after_days, false)
    error_message = "delete_after_days must be null or a whole number of days, at least 1."
  }
}

variable "retention_days" {
  description = "Days during which no object can be deleted or overwritten, by anybody; null sets no such policy. The policy is not locked."
  type        = number
  default     = null

  validation {
    condition     = var.retention_days == null || try(var.retention_days >= 1 && var.retention_days <= 36500 && floor(var.retention_days) == var.retention_days, false)
    error_message = "retention_days must be null or a whole number of days from 1 to 36500."
  }
}

variable "soft_delete_days" {
  description = "Days a deleted object can be restored: 0 (off) or 7 to 90."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "soft_delete_days is ${var.soft_delete_days}; Cloud Storage takes 0 (off) or 7 to 90."
  }
}

variable "abort_upload_after_days" {
  description = "Days after which an unfinished multipart upload is removed."
  type        = number
  default     = 7

  validation {
    condition     = var.abort_upload_after_days >= 1
    error_message = "abort_upload_after_days is ${var.abort_upload_after_days}; it must be at least 1."
  }
}

variable "kms_key_name" {
  description = "Cloud KMS key that encrypts new objects (projects/P/locations/L/keyRings/R/cryptoKeys/K); null leaves encryption to Google's own keys. The project's Cloud Storage service agent must be allowed to use the key."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_name == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name must be null or a full key name: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

variable "access_log_bucket" {
  description = "Bucket that receives usage logs; null relies on Cloud Audit Logs."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket == null || var.access_log_bucket != var.name
    error_message = "access_log_bucket is the bucket itself; every log written would be logged again. Name another bucket."
  }
}

variable "force_destroy" {
  description = "Let `terraform destroy` delete a bucket that still holds objects."
  type        = bool
  default     = false
}

variable "iam_members" {
  description = "Who may do what, one grant an entry. The keys name the grants and must be known before anything is made. Grants are additive: those made elsewhere stay."
  type = map(object({
    role   = string
    member = string
  }))
  default = {}

  validation {
    condition = alltrue([
      for grant in values(var.iam_members) : contains([
        "roles/storage.legacyBucketReader",
        "roles/storage.objectCreator",
        "roles/storage.objectUser",
        "roles/storage.objectViewer",
      ], grant.role)
    ])
    error_message = "iam_members holds a role a workload does not need on a bucket. Use roles/storage.objectViewer (read), objectCreator (add, never overwrite), objectUser (read and write) or legacyBucketReader (see the bucket and list it)."
  }

  validation {
    condition = alltrue([
      for grant in values(var.iam_members) : can(regex("^(domain|group|principal|principalSet|serviceAccount|user):.+", grant.member))
    ])
    error_message = "iam_members holds a member that is not one known principal. Write serviceAccount:EMAIL, group:EMAIL, user:EMAIL, domain:NAME or principal(Set):...; allUsers and allAuthenticatedUsers are refused."
  }
}
