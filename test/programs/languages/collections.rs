// Rust's collections, boxed trees, trait objects, closures and formatting; with an argument, one thing that unsafe code
// gets wrong.
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::rc::Rc;

trait Shape {
    fn area(&self) -> f64;
}
struct Square(f64);
struct Circle {
    radius: f64,
    name: String,
}
impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}
impl Shape for Circle {
    fn area(&self) -> f64 {
        self.radius * self.radius * 3.0 + self.name.len() as f64
    }
}

enum Tree {
    Leaf(u32),
    Node(Box<Tree>, Box<Tree>),
}

fn build(depth: u32) -> Tree {
    match depth {
        0 => Tree::Leaf(1),
        d => Tree::Node(Box::new(build(d - 1)), Box::new(build(d - 1))),
    }
}

fn sum(tree: &Tree) -> u32 {
    match tree {
        Tree::Leaf(x) => *x,
        Tree::Node(a, b) => sum(a) + sum(b),
    }
}

/// By value and through `Result`: enums in many temporaries, which debug information does not tell of.
enum Item {
    Text(String, [u64; 3]),
    Group(Vec<Item>),
    Number(u128),
}

fn parse(text: &str) -> Result<Item, String> {
    if let Some(inner) = text.strip_prefix('(') {
        let items: Result<Vec<Item>, String> = inner.split(',').map(parse).collect();
        return Ok(Item::Group(items?));
    }
    match text.parse::<u128>() {
        Ok(n) => Ok(Item::Number(n)),
        Err(_) if text.is_empty() => Err(format!("empty: {text:?}")),
        Err(_) => Ok(Item::Text(text.to_string(), [text.len() as u64; 3])),
    }
}

fn weigh(item: Item) -> u128 {
    match item {
        Item::Text(text, lengths) => text.len() as u128 + lengths.iter().sum::<u64>() as u128,
        Item::Group(items) => items.into_iter().map(weigh).sum(),
        Item::Number(n) => n,
    }
}

fn collections() -> String {
    let (mut heap, mut tree, mut set, mut deque) = (BinaryHeap::new(), BTreeMap::new(), BTreeSet::new(), VecDeque::new());
    let mut map: HashMap<Vec<u8>, Rc<str>> = HashMap::new();
    let mut x = 12345u32;
    for i in 0..2000u32 {
        x = x.wrapping_mul(1664525).wrapping_add(1013904223);
        heap.push(x >> 8);
        tree.insert(x >> 20, i);
        set.insert(x % 977);
        deque.push_front(x);
        if i % 3 == 0 {
            deque.pop_back();
            heap.pop();
        }
        map.insert(x.to_le_bytes()[..(x % 5) as usize].to_vec(), Rc::from(format!("{x:b}").as_str()));
        tree.remove(&(x % 4096));
    }
    format!("{} {} {} {} {}", heap.len(), tree.len(), set.len(), deque.len(), map.len())
}

fn work() -> String {
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(2.0)), Box::new(Circle { radius: 1.0, name: "c".repeat(40) })];
    let area: f64 = shapes.iter().map(|s| s.area()).sum();
    let text = "one two three (four,5,six,((7,eight 340282366920938463463374607431768211455 ".repeat(9);
    let weight = text.split(' ').filter_map(|w| parse(w).ok()).map(weigh).fold(0u128, u128::wrapping_add);
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words.dedup();
    let joined: String = words.iter().flat_map(|w| w.chars().rev()).collect();
    let mut big = vec![0u8; 100_000];
    big.extend_from_slice(text.as_bytes());
    big.shrink_to_fit();
    big.rotate_left(777);
    big.sort();
    format!("{} {area} {weight} {joined} {} {}", collections(), big.len(), sum(&build(8)))
}

fn main() {
    println!("{}", work());
    let bytes = vec![1u8; 10];
    let pointer = bytes.as_ptr();
    match std::env::args().nth(1).as_deref() {
        Some("over") => println!("{}", unsafe { std::ptr::read_volatile(pointer.add(10)) }),
        Some("freed") => {
            drop(bytes);
            println!("{}", unsafe { std::ptr::read_volatile(pointer) });
        }
        Some("double") => {
            let raw = Box::into_raw(Box::new(5u64));
            unsafe {
                drop(Box::from_raw(raw));
                drop(Box::from_raw(raw));
            }
        }
        Some("leak") => std::mem::forget(bytes),
        _ => {}
    }
}
