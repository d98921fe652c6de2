module M = Map.Make(String)
let () =
  let m = ref M.empty in
  for i = 0 to 999 do
    let k = "k" ^ string_of_int (i mod 7) in
    m := M.update k (function None -> Some i | Some n -> Some (n + i)) !m
  done;
  M.iter (fun k n -> Printf.printf "%s %d\n" k n) !m
