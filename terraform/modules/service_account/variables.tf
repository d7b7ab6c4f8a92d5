variable "project_id" {
  description = "Project the service account is made in and has its project roles on."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is not a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter. Use the id, not the project's name or number."
  }
}

variable "account_id" {
  description = "The part of the service account's address before the @."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.account_id))
    error_message = "account_id \"${var.account_id}\" must be 6 to 30 lower-case letters, digits and dashes, starting with a letter and not ending with a dash."
  }
}

variable "display_name" {
  description = "Name people see in lists."
  type        = string

  validation {
    condition     = length(var.display_name) > 0 && length(var.display_name) <= 100
    error_message = "display_name must have 1 to 100 characters."
  }
}

variable "description" {
  description = "What runs as this service account."
  type        = string

  validation {
    condition     = length(trimspace(var.description)) > 0 && length(var.description) <= 256
    error_message = "description must have 1 to 256 characters. Say in a sentence what runs as this service account."
  }
}

variable "project_roles" {
  description = "Roles on the whole project, one grant an entry, each with an optional IAM condition. What a bucket or dataset can grant belongs there instead."
  type = map(object({
    role = string
    condition = optional(object({
      title       = string
      description = string
      expression  = string
    }))
  }))
  default = {}

  validation {
    condition = alltrue([
      for grant in values(var.project_roles) : !can(regex("^roles/(owner|editor|viewer|browser)$|[aA]dmin$|^roles/(iam|storage)\\.", grant.role))
    ])
    error_message = "project_roles holds a basic role, an administrator's role, or one on every service account or bucket of the project. Grant the narrow role on the bucket, dataset or service account itself."
  }

  validation {
    condition     = alltrue([for grant in values(var.project_roles) : can(regex("^(roles|projects/[^/]+/roles|organizations/[^/]+/roles)/[A-Za-z0-9._]+$", grant.role))])
    error_message = "project_roles holds something that is not a role. Write roles/SERVICE.NAME or projects/PROJECT/roles/NAME."
  }
}

variable "iam_members" {
  description = "Who may act as this service account, one grant an entry. The keys name the grants and must be known before anything is made. Grants are additive: those made elsewhere stay."
  type = map(object({
    role   = string
    member = string
  }))
  default = {}

  validation {
    condition = alltrue([
      for grant in values(var.iam_members) : contains([
        "roles/iam.serviceAccountTokenCreator",
        "roles/iam.serviceAccountUser",
        "roles/iam.workloadIdentityUser",
      ], grant.role)
    ])
    error_message = "iam_members holds a role other than roles/iam.serviceAccountUser (start a job that runs as it), serviceAccountTokenCreator (impersonate it) and workloadIdentityUser (be it from outside Google Cloud)."
  }

  validation {
    condition = alltrue([
      for grant in values(var.iam_members) : can(regex("^(group|principal|principalSet|serviceAccount|user):.+", grant.member))
    ])
    error_message = "iam_members holds a member that is not one known principal. Write serviceAccount:EMAIL, group:EMAIL, user:EMAIL or principal(Set):...; allUsers and allAuthenticatedUsers are refused."
  }
}
