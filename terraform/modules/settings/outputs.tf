output "environment" {
  description = "Name and value of every FOOTFALL_* variable."
  value       = local.environment
}

output "env_file" {
  description = "The same as lines of NAME=value, for a file that a shell or a container reads."
  value       = join("", [for name, value in local.environment : "${name}=${value}\n"])
}
