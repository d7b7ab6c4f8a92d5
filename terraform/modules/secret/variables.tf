variable "project_id" {
  description = "Project the secret is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is not a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter. Use the id, not the project's name or number."
  }
}

variable "secret_id" {
  description = "Name of the secret, unique in the project."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.secret_id))
    error_message = "secret_id \"${var.secret_id}\" must be 1 to 255 letters, digits, dashes and underscores."
  }
}

variable "location" {
  description = "Region the secret is kept in, and no other."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "location \"${var.location}\" is not a region. Use one such as europe-west1."
  }
}

variable "labels" {
  description = "Labels of the secret, for searches."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 characters, keys starting with a letter."
  }
}

variable "destroy_delay_days" {
  description = "Days a destroyed version can be brought back: 1 to 1000."
  type        = number
  default     = 30

  validation {
    condition     = var.destroy_delay_days >= 1 && var.destroy_delay_days <= 1000 && floor(var.destroy_delay_days) == var.destroy_delay_days
    error_message = "destroy_delay_days is ${var.destroy_delay_days}; Secret Manager takes whole days from 1 to 1000."
  }
}

variable "kms_key_name" {
  description = "Cloud KMS key that encrypts the secret (projects/P/locations/L/keyRings/R/cryptoKeys/K); null leaves encryption to Google's own keys. The project's Secret Manager service agent must be allowed to use the key."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_name == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name must be null or a full key name: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the secret until this is false."
  type        = bool
  default     = true
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
      for grant in values(var.iam_members) : contains(["roles/secretmanager.secretAccessor", "roles/secretmanager.secretVersionAdder"], grant.role)
    ])
    error_message = "iam_members holds a role other than roles/secretmanager.secretAccessor (read the value) and secretVersionAdder (add a value, not read it)."
  }

  validation {
    condition = alltrue([
      for grant in values(var.iam_members) : can(regex("^(group|principal|principalSet|serviceAccount|user):.+", grant.member))
    ])
    error_message = "iam_members holds a member that is not one known principal. Write serviceAccount:EMAIL, group:EMAIL, user:EMAIL or principal(Set):...; allUsers and allAuthenticatedUsers are refused."
  }
}
