camera { location <0, 2, -5> look_at <0, 1, 0> }
light_source { <10, 10, -10> rgb 1 }
plane { y, 0 pigment { checker rgb 0, rgb 1 } }
sphere { <0, 1, 0>, 1 pigment { rgb <1, 0, 0> } finish { reflection 0.3 phong 1 } }
