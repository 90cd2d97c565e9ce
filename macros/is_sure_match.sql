{#
    Whether a play's song was found beyond doubt: by title, artist and a duration within
    five seconds. What agrees by name alone is often another recording.
#}
{% macro is_sure_match(match_method) -%}
    {{ match_method }} in ('title_artist_duration', 'title_artist_near')
{%- endmacro %}
