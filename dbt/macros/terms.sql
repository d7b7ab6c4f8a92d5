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
