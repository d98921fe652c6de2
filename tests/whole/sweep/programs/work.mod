var x >= 0; var y >= 0; maximize z: 3 * x + 2 * y;
s.t. a: x + y <= 4; s.t. b: x + 3 * y <= 6; solve; display x, y, z; end;
