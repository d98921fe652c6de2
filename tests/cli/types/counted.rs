// SPDX-License-Identifier: MIT
// Objects that Rc and Arc own: each argument is a case.
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};

struct Node {
    id: u64,
    next: RefCell<Option<Rc<Node>>>,
    back: RefCell<Weak<Node>>,
    kids: RefCell<Vec<Rc<Node>>>,
}

struct Shared {
    id: u64,
    peer: Mutex<Option<Arc<Shared>>>,
}

#[inline(never)]
fn node(id: u64) -> Rc<Node> {
    Rc::new(Node {
        id,
        next: RefCell::new(None),
        back: RefCell::new(Weak::new()),
        kids: RefCell::new(Vec::new()),
    })
}

#[inline(never)]
fn cycle_rc() -> u64 {
    let a = node(1);
    let b = node(2);
    *a.next.borrow_mut() = Some(b.clone());
    *b.next.borrow_mut() = Some(a.clone());
    a.id + b.id
}

#[inline(never)]
fn cycle_arc() -> u64 {
    let a = Arc::new(Shared { id: 1, peer: Mutex::new(None) });
    let b = Arc::new(Shared { id: 2, peer: Mutex::new(Some(a.clone())) });
    *a.peer.lock().unwrap() = Some(b.clone());
    a.id + b.id
}

#[inline(never)]
fn tree() -> u64 {
    let p = node(10);
    for i in 0..3 {
        let c = node(11 + i);
        *c.back.borrow_mut() = Rc::downgrade(&p);
        p.kids.borrow_mut().push(c);
    }
    let id = p.id;
    std::mem::forget(p);
    id
}

fn main() {
    let mut sum = 0;
    for argument in std::env::args() {
        sum += match argument.as_str() {
            "cycle_rc" => cycle_rc(),
            "cycle_arc" => cycle_arc(),
            "tree" => tree(),
            _ => 0,
        };
    }
    let words = [0u64; 1024];
    std::hint::black_box((&words, sum));
}
