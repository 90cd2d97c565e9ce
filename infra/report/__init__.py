"""`invoke report`: what the warehouse tells, as one HTML file and as pictures.

answers    the queries, and what the warehouse answers
figure     what stands on the page: sections of figures, each with chart and table
listening, catalogue, people, places, health    one section each
charts     Altair's descriptions of charts
drawing    descriptions drawn, as SVG for the page or as PNG
page       the HTML
write      the task
"""
