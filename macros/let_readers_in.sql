{#
    Who reads and writes nothing is a group on Redshift: it may read all that dbt builds
    in the schemas of a run, and so neither the raw tables nor the ledger. Default
    privileges let it into a table from the moment that dbt makes it, so a rebuild shuts
    nobody out; the grants are for what was there before. DuckDB has no users.
#}
{% macro let_readers_in(schemas) %}
    {{- return(adapter.dispatch('let_readers_in')(schemas)) -}}
{% endmacro %}

{% macro duckdb__let_readers_in(schemas) -%}
{%- endmacro %}

{% macro redshift__let_readers_in(schemas) -%}
    {%- set group = var('readers') -%}
    {%- if execute and group and schemas -%}
        {%- set known = "select 1 from pg_group where groname = '" ~ group ~ "'" -%}
        {%- if run_query(known).rows | length == 0 -%}
            create group {{ adapter.quote(group) }};
        {%- endif -%}
        {%- for schema in schemas | map('string') | map('lower') | sort %}
            {%- set place = "schema " ~ adapter.quote(schema) -%}
            {%- set readers = "group " ~ adapter.quote(group) -%}
            grant usage on {{ place }} to {{ readers }};
            grant select on all tables in {{ place }} to {{ readers }};
            alter default privileges in {{ place }} grant select on tables to {{ readers }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
