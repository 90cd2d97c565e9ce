{#
    Whether an artist's name mentions a second artist: `A feat. B`, `A / B`, `A_ B and C`
    (`_` stands for a comma in the catalogue). `&` is no sign of it, bands are named so.
#}
{% macro names_a_collaboration(name) -%}
    (
        lower({{ name }}) like '%feat.%'
        or lower({{ name }}) like '% feat %'
        or lower({{ name }}) like '%featuring%'
        or lower({{ name }}) like '% ft.%'
        or lower({{ name }}) like '% with %'
        or lower({{ name }}) like '% vs%'
        or position('/' in {{ name }}) > 0
        or position('_ ' in {{ name }}) > 0
    )
{%- endmacro %}
