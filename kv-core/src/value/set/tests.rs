use super::*;
use crate::hash::KeyHasher;
use crate::rng::Rng;
use crate::value::Sizes;
use proptest::prelude::*;

type Model = BTreeSet<Vec<u8>>;

fn growth(sizes: Sizes) -> Growth {
    Growth { hasher: KeyHasher::new(&mut Rng::new(1)), sizes }
}

fn sizes() -> impl Strategy<Value = Sizes> {
    prop::sample::select(vec![Sizes::DEFAULT, Sizes::TINY])
}

/// Integers, words, and now and then one that no pack holds.
fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (0..300i64).prop_map(|number| number.to_string().into_bytes()),
        8 => (0..300i64).prop_map(|number| format!("member:{number}").into_bytes()),
        1 => (0..4usize).prop_map(|number| vec![b'x'; 1020 + number]),
        1 => Just(Vec::new()),
    ]
}

fn members() -> impl Strategy<Value = Model> {
    prop::collection::btree_set(member(), 0..200)
}

fn set_of(sizes: Sizes, model: &Model) -> Set {
    let mut set = Set::new(growth(sizes));
    assert_eq!(set.add_all(model.iter().map(|member| Item::new(member))), model.len());
    set
}

/// The members, of which none may be there twice.
fn model_of<'a>(members: impl Iterator<Item = Item<'a>>) -> Model {
    let mut model = Model::new();
    members.for_each(|member| assert!(model.insert(member.to_vec()), "{member:?} comes twice"));
    model
}

fn check(set: &Set, model: &Model) {
    if let Repr::Large(members) = &set.0 {
        members.check();
    }
    assert_eq!(&model_of(set.view().iter()), model);
    assert_eq!(set.len(), model.len());
}

#[derive(Clone, Debug)]
enum Operation {
    Add(Vec<Vec<u8>>),
    Remove(Vec<Vec<u8>>),
    Pop(usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    let members = || prop::collection::vec(member(), 1..60);
    prop_oneof![
        2 => members().prop_map(Operation::Add),
        2 => members().prop_map(Operation::Remove),
        1 => (1..30usize).prop_map(Operation::Pop),
    ]
}

proptest! {
    #[test]
    fn equals_a_tree_of_strings(
        sizes in sizes(),
        seed in any::<u64>(),
        operations in prop::collection::vec(operation(), 1..12),
    ) {
        let mut rng = Rng::new(seed);
        let (mut set, mut model) = (Set::new(growth(sizes)), Model::new());
        for operation in operations {
            match operation {
                Operation::Add(members) => for member in members {
                    let is_new = set.add(Item::new(&member));
                    prop_assert_eq!(is_new, model.insert(member.clone()));
                    prop_assert!(set.view().contains(Item::new(&member)));
                },
                Operation::Remove(members) => for member in members {
                    prop_assert_eq!(set.remove(Item::new(&member)), model.remove(&member));
                    prop_assert!(!set.view().contains(Item::new(&member)));
                },
                Operation::Pop(count) => for _ in 0..count {
                    let mut popped = None;
                    let found = set.pop(&mut rng, |member| popped = Some(member.to_vec()));
                    prop_assert_eq!(found, !model.is_empty());
                    prop_assert!(popped.is_none_or(|member| model.remove(&member)));
                },
            }
            check(&set, &model);
        }
        let mut freed = 0;
        while let count @ 1.. = Contents::free_some(&mut set, 3) {
            freed += count;
        }
        prop_assert_eq!(freed, model.len());
        prop_assert!(set.is_empty());
    }

    #[test]
    fn a_scan_visits_each_member_once(
        sizes in sizes(), model in members(), count in 1..20usize,
    ) {
        let set = set_of(sizes, &model);
        let (mut visited, mut cursor) = (Vec::new(), 0);
        loop {
            cursor = set.view().scan(cursor, count, |member| visited.push(member));
            if cursor == 0 {
                break;
            }
        }
        prop_assert_eq!(model_of(visited.into_iter()), model);
    }

    #[test]
    fn a_sample_has_as_many_different_members_as_it_should(
        sizes in sizes(), model in members(), count in 0..250usize, seed in any::<u64>(),
    ) {
        let set = set_of(sizes, &model);
        let mut rng = Rng::new(seed);
        let mut sample = Vec::new();
        set.view().sample(count, &mut rng, |member| sample.push(member));
        let sample = model_of(sample.into_iter());
        prop_assert_eq!(sample.len(), count.min(model.len()));
        prop_assert!(sample.is_subset(&model));
        let random = set.view().random(&mut rng).map(Item::to_vec);
        prop_assert_eq!(random.is_some(), !model.is_empty());
        prop_assert!(random.is_none_or(|member| model.contains(&member)));
    }

    #[test]
    fn algebra_is_that_of_trees(
        sizes in sizes(),
        models in prop::collection::vec(members(), 1..6),
        are_similar in any::<bool>(),
    ) {
        let mut models = models;
        if are_similar {
            let first = models[0].clone();
            models.iter_mut().skip(1).step_by(2).for_each(|model| model.extend(first.clone()));
        }
        let owned: Vec<Set> = models.iter().map(|model| set_of(sizes, model)).collect();
        let sets: Vec<SetRef<'_>> = owned.iter().map(Set::view).collect();
        let (first, others) = (models[0].clone(), &models[1..]);

        let common = others.iter().fold(first.clone(), |all, model| &all & model);
        prop_assert_eq!(model_of(algebra::intersection(sets.clone())), common);

        let mut union = Set::new(growth(sizes));
        algebra::union(&mut union, sets.clone());
        check(&union, &models.iter().flatten().cloned().collect());

        let mut difference = Set::new(growth(sizes));
        algebra::difference(&mut difference, sets[0], sets[1..].to_vec());
        check(&difference, &others.iter().fold(first, |all, model| &all - model));
    }
}

/// How often each of `len` members comes out of `rounds` draws that `draw` makes.
fn frequencies(
    len: usize,
    rounds: usize,
    mut draw: impl FnMut(SetRef<'_>, &mut dyn FnMut(Item<'_>)),
) -> Vec<usize> {
    let model = (0..len).map(|number| number.to_string().into_bytes()).collect();
    let set = set_of(Sizes::DEFAULT, &model);
    let mut counts = vec![0; len];
    for _ in 0..rounds {
        draw(set.view(), &mut |member| match member {
            Item::Int(number) => counts[number as usize] += 1,
            Item::Bytes(bytes) => panic!("{bytes:?} is no number"),
        });
    }
    counts
}

#[test]
fn all_members_are_as_likely_to_be_in_a_sample() {
    // Packed; large and chosen in one pass; large and drawn one by one.
    for (len, count) in [(20, 5), (2000, 500), (2000, 200)] {
        let mut rng = Rng::new(7);
        let rounds = 400 * len / count;
        let counts = frequencies(len, rounds, |set, visit| set.sample(count, &mut rng, visit));
        // 400 are expected, with a standard deviation of at most 20.
        assert!(counts.iter().all(|count| (300..500).contains(count)), "{len}: {counts:?}");
    }
}

#[test]
fn a_set_leaves_its_pack_when_it_grows_and_counts_its_memory() {
    let mut set = Set::new(growth(Sizes::DEFAULT));
    let texts: Vec<String> = (0..2000).map(|number| format!("m{number}")).collect();
    for text in &texts {
        set.add(Item::new(text.as_bytes()));
    }
    assert!(matches!(set.view(), SetRef::Large(_)));
    let large = set.heap_bytes();
    assert!(large > 2000 * 5, "{large}");
    for text in &texts[10..] {
        set.remove(Item::new(text.as_bytes()));
    }
    assert!(set.heap_bytes() < large / 10, "{} of {large}", set.heap_bytes());
}
