{#
    Keys of a contract are declared, and proved by tests, on both engines. Redshift does
    not enforce them; DuckDB would, with an index that makes a load of five million rows
    four times slower and its file five times larger, and no table that a foreign key
    points to could be replaced alone. So here DuckDB gets the columns and NOT NULL only.
#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- set columns = adapter.render_raw_columns_constraints(raw_columns=model['columns']) -%}
    (
    {%- for column in columns %}
        {{ column }}{{ "," if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}
