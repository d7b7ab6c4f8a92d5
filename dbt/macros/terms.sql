{# the field's terms, each defined once #}

{# purchase, or whatever the project counts as one #}
{% macro is_conversion(event_name) %}
    {%- set names = [] -%}
    {%- for name in var('conversion_events') -%}{%- do names.append("'" ~ name ~ "'") -%}{%- endfor -%}
    {{ event_name }} in ({{ names | join(', ') }})
{%- endmacro %}

{# a page is its host and path: query and fragment do not make another page #}
{% macro page_key(host, path) %}
    {{- md5_hex("concat(coalesce(" ~ host ~ ", ''), '|', coalesce(" ~ path ~ ", '(not set)'))") -}}
{% endmacro %}

{# how long after its first second a date is final: its 24 hours, and FOOTFALL_MARTS__FINAL_AFTER_HOURS more #}
{% macro final_after_seconds() %}
    {%- set name = 'FOOTFALL_MARTS__FINAL_AFTER_HOURS' -%}
    {%- set text = env_var(name, '72') | trim -%}
    {%- if not modules.re.fullmatch('[0-9]{1,6}', text) -%}
        {{ exceptions.raise_compiler_error(
            name ~ " is '" ~ text ~ "', which is no number of hours: give a whole one such as 72, or unset it"
        ) }}
    {%- endif -%}
    {{ return((24 + text | int) * 3600) }}
{% endmacro %}
