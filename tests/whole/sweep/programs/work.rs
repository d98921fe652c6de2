use std::collections::BTreeMap;
fn main() {
    let mut m: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for i in 0..1000u32 { m.entry(format!("k{}", i % 7)).or_default().push(i); }
    for (k, v) in &m { println!("{} {}", k, v.iter().sum::<u32>()); }
}
