{#
    Only ASCII letters and digits count: both catalogue and log lose accents, case and
    punctuation alike, so a damaged name meets its sound twin. A text without any
    (`!!!`, Japanese titles) is its own key.
    Letters are dropped before lower(), because engines disagree on non-ASCII case.
#}
{% macro match_key(text) -%}
    coalesce(nullif(lower({{ ascii_letters_and_digits(text) }}), ''), {{ text }})
{%- endmacro %}

{% macro ascii_letters_and_digits(text) %}
    {{- return(adapter.dispatch('ascii_letters_and_digits')(text)) -}}
{% endmacro %}

{# DuckDB replaces the first match only, unless told `g`; Redshift replaces all #}
{% macro duckdb__ascii_letters_and_digits(text) -%}
    regexp_replace({{ text }}, '[^A-Za-z0-9]', '', 'g')
{%- endmacro %}

{% macro redshift__ascii_letters_and_digits(text) -%}
    regexp_replace({{ text }}, '[^A-Za-z0-9]', '')
{%- endmacro %}
