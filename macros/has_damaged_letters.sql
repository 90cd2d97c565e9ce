{#
    Whether a text still holds what no repair can tell back: letters encoded twice, a
    letter that is lost (U+FFFD), or a control character where punctuation was (’ is
    U+2019, and its first byte got lost on the way)
#}
{% macro has_damaged_letters(text) -%}
    (
        {{ text }} like '%{{ "Ã\u0082" }}%'
        or {{ text }} like '%{{ "Ã\u0083" }}%'
        or {{ text }} like '%{{ "Ã¢Â" }}%'
        or {{ text }} like '%{{ "\ufffd" }}%'
        {%- for code in (19, 20, 24, 25, 28, 29) %}
        or {{ text }} like '%{{ "%c" | format(code) }}%'
        {%- endfor %}
    )
{%- endmacro %}
