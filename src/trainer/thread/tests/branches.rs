//! Branches of a run: they rest, come back, are kept and deleted.

use super::*;

/// Forked after five steps, with another bias there, and gone on by one.
fn forked() -> (Desk, Arc<DebugView>) {
    let mut desk = Desk::new();
    desk.goto(5);
    desk.arrive(5);
    desk.debug(DebugCommand::Fork { name: String::new() });
    desk.debug(DebugCommand::Set { name: "dense_1.bias".into(), index: vec![0], value: 2.0 });
    desk.debug(DebugCommand::Forward(Granularity::Step));
    let view = desk.arrive(6);
    (desk, view)
}

#[test]
fn branches_rest_where_they_were_left_and_rows_know_whose_they_are() {
    let (mut desk, view) = forked();
    assert_eq!((view.branch, view.branches[1].name.as_str()), (1, "dense_1.bias[0] = 2 from 5"));
    desk.debug(DebugCommand::Switch(0));
    desk.debug(DebugCommand::Forward(Granularity::Step));
    desk.debug(DebugCommand::Forward(Granularity::Step));
    let view = desk.arrive(7);
    assert_eq!((view.branch, view.changes.len()), (0, 0));
    let mut of = [Vec::new(), Vec::new()];
    for told in &desk.told {
        for news in &told.left {
            of[news.branch as usize].extend(news.rows.iter().map(|row| row.step));
        }
        of[told.branch as usize].extend(told.rows.iter().map(|row| row.step));
    }
    assert_eq!(of, [vec![1, 2, 3, 4, 5, 6, 7], vec![6]]);
    desk.debug(DebugCommand::Switch(1));
    let view = desk.until("the fork is back", |view| view.branch == 1);
    assert_eq!((view.moment.step, view.changes.len()), (6, 1));
}

/// All that was told of a branch, as the session puts it together.
fn curve(desk: &Desk, id: u32) -> Vec<(u64, f32)> {
    let mut curves = crate::trace::Curves::default();
    for told in &desk.told {
        let left = told.left.iter().map(|news| (news.branch, &news.earlier, &news.rows));
        for (branch, earlier, rows) in left.chain([(told.branch, &told.earlier, &told.rows)]) {
            if branch == id {
                earlier.iter().for_each(|earlier| curves.extend(earlier));
                curves.append(rows, &[]);
            }
        }
    }
    curves.train_loss.points().collect()
}

#[test]
fn a_fork_that_is_moved_has_the_curve_of_the_steps_it_shares_with_what_it_left() {
    let mut desk = Desk::new();
    desk.goto(150);
    desk.arrive(150);
    desk.goto(5);
    desk.arrive(5);
    desk.debug(DebugCommand::Fork { name: String::new() });
    // Over a checkpoint that both have: most of the steps do not come by again.
    desk.goto(140);
    desk.arrive(140);
    let whole = curve(&desk, 0);
    assert_eq!(curve(&desk, 1), whole[5..140]);
    desk.goto(152);
    desk.arrive(152);
    assert_eq!(curve(&desk, 1)[..145], whole[5..150]);
    let steps: Vec<u64> = curve(&desk, 1).iter().map(|(step, _)| *step).collect();
    assert!(steps.iter().copied().eq(6..=152), "{steps:?}");
    // What was changed has no past ahead of it.
    desk.debug(DebugCommand::Switch(0));
    desk.goto(10);
    desk.debug(DebugCommand::Fork { name: "changed".into() });
    desk.debug(DebugCommand::Set { name: "dense_1.bias".into(), index: vec![0], value: 2.0 });
    desk.goto(20);
    desk.until("it is there", |view| view.branch == 2 && view.moment.step == 20 && view.travel.is_none());
    let changed = curve(&desk, 2);
    assert!(changed.iter().map(|(step, _)| *step).eq(11..=20) && changed[0] != whole[10]);
}

#[test]
fn branches_are_kept_with_the_run_and_rest_where_they_did() {
    let (mut desk, _) = forked();
    desk.debug(DebugCommand::Fork { name: "second".into() });
    desk.debug(DebugCommand::Switch(0));
    let before = desk.until("the first is back", |view| view.branch == 0);
    let kept = desk.save();
    let mut again = Desk::new();
    again.go_on(2, Some(kept.clone()));
    let view = again.until("they are back", |view| view.branches.len() == 3);
    assert_eq!((view.branch, view.moment, &view.branches), (0, before.moment, &before.branches));
    for desk in [&mut desk, &mut again] {
        desk.debug(DebugCommand::Switch(1));
        desk.debug(DebugCommand::Forward(Granularity::Step));
        let view = desk.until("the fork went on", |view| view.branch == 1 && view.moment.step == 7);
        assert_eq!(view.changes.len(), 1);
        desk.debug(DebugCommand::Fork { name: "third".into() });
        let view = desk.until("there is a third", |view| view.branch == 3);
        assert_eq!(view.branches.iter().map(|b| b.id).collect::<Vec<_>>(), [0, 1, 2, 3], "no number is given twice");
    }
    let (one, other) = (desk.save(), again.save());
    assert_eq!((one.saved.now.clone(), one.forks.all.clone()), (other.saved.now.clone(), other.forks.all.clone()));
    let curve = |kept: &Kept, id: u32| {
        let branch = kept.forks.resting.iter().find(|branch| branch.id == id).unwrap();
        (branch.curves.train_loss.steps().to_vec(), branch.saved.now.clone())
    };
    for id in [0, 1, 2] {
        assert_eq!(curve(&one, id), curve(&other, id));
    }
    assert!(Arc::ptr_eq(&one.forks.resting[0], &desk.save().forks.resting[0]), "what rests is not gathered again");
}

#[test]
fn a_deleted_branch_is_gone_and_deleting_the_current_one_leads_to_the_one_that_it_left() {
    let mut desk = Desk::new();
    desk.goto(5);
    desk.arrive(5);
    for name in ["", "grandchild"] {
        desk.debug(DebugCommand::Fork { name: name.into() });
        desk.debug(DebugCommand::Forward(Granularity::Step));
    }
    let names = |view: &DebugView| view.branches.iter().map(|b| (b.id, b.parent)).collect::<Vec<_>>();
    let view = desk.arrive(7);
    assert_eq!(names(&view), [(0, None), (1, Some(0)), (2, Some(1))]);
    desk.debug(DebugCommand::DeleteBranch(1));
    let view = desk.until("the child is gone", |view| view.branches.len() == 2);
    assert_eq!((view.branch, names(&view)), (2, vec![(0, None), (2, Some(0))]));
    desk.debug(DebugCommand::Switch(1));
    desk.debug(DebugCommand::DeleteBranch(2));
    let view = desk.until("the grandchild is gone", |view| view.branches.len() == 1);
    assert_eq!((view.branch, view.moment.step), (0, 5));
    desk.debug(DebugCommand::DeleteBranch(0));
    desk.debug(DebugCommand::Fork { name: "another".into() });
    let view = desk.until("there is another", |view| view.branches.len() == 2);
    assert_eq!(names(&view), [(0, None), (3, Some(0))], "no number is given twice, and the last branch stays");
    assert_eq!(desk.told.iter().flat_map(|told| told.deleted.clone()).collect::<Vec<_>>(), [1, 2]);
    let said: Vec<_> =
        desk.told.iter().flat_map(|told| &told.messages).filter(|said| said.contains("Deleted")).collect();
    assert_eq!(said, ["Deleted the branch fork at 5.", "Deleted the branch grandchild."]);
}

#[test]
fn breakpoints_are_the_same_on_every_branch() {
    let mut desk = Desk::new();
    desk.goto(5);
    desk.arrive(5);
    desk.debug(DebugCommand::Fork { name: String::new() });
    desk.debug(DebugCommand::SetBreakpoints(vec![Breakpoint::new(1, At::Anywhere, Some("step == 9".into()))]));
    desk.until("it is on the fork", |view| view.branch == 1);
    desk.debug(DebugCommand::Switch(0));
    let view = desk.until("it is back", |view| view.branch == 0);
    assert_eq!(view.breakpoints.len(), 1);
}

#[test]
fn every_branch_keeps_what_was_told_of_it() {
    let mut desk = Desk::new();
    desk.goto(20);
    desk.arrive(20);
    desk.goto(5);
    desk.arrive(5);
    desk.debug(DebugCommand::Fork { name: String::new() });
    desk.debug(DebugCommand::Forward(Granularity::Step));
    desk.arrive(6);
    assert_eq!(steps(&desk.save()), [1, 2, 3, 4, 5, 6]);
    desk.debug(DebugCommand::Switch(0));
    desk.until("it is back", |view| view.branch == 0);
    assert_eq!(steps(&desk.save()), (1..=20).collect::<Vec<_>>());
    desk.debug(DebugCommand::Switch(1));
    desk.until("the fork is back", |view| view.branch == 1);
    assert_eq!(steps(&desk.save()).len(), 6);
}

#[test]
fn a_tensor_is_seen_as_it_is_on_another_branch_which_rests_where_it_did() {
    let (mut desk, _) = forked();
    let look = |branch: u32, step: u64| {
        let at_step = Some(("dense_1.bias".to_owned(), step));
        Some(Box::new(Inspection {
            tensors: vec!["dense_1.bias".into()],
            at_step,
            at_branch: Some(branch),
            ..Inspection::default()
        }))
    };
    desk.debug(DebugCommand::Look(look(0, 5)));
    let view = desk.until("the first branch is seen", |view| view.sight.at_branch == Some(0));
    let (own, there) = (&view.sight.tensors[0], view.sight.at_step.as_ref().unwrap().as_ref().unwrap());
    assert_eq!((own.step, there.step, own.dims.clone()), (6, 5, there.dims.clone()));
    assert!(own.data[0] > 1.5 && there.data[0].abs() < 1.5, "{own:?} {there:?}");
    desk.debug(DebugCommand::Look(look(0, 6)));
    let view = desk.until("it says so", |view| view.sight.at_step.as_ref().is_some_and(Result::is_err));
    let why = view.sight.at_step.as_ref().unwrap().as_ref().unwrap_err();
    assert!(why.contains("it is at step 5"), "{why}");
    desk.debug(DebugCommand::Look(look(7, 5)));
    desk.until("there is no such", |view| {
        view.sight.at_step.as_ref().is_some_and(|at| at.as_ref().is_err_and(|why| why.contains("no longer exists")))
    });
    desk.debug(DebugCommand::Look(look(1, 5)));
    let view = desk.until("its own step is seen", |view| view.sight.at_branch == Some(1));
    assert_eq!(view.sight.at_step.as_ref().unwrap().as_ref().unwrap().data[0], 2.0, "as it was changed there");
    desk.debug(DebugCommand::Switch(0));
    let view = desk.until("the first is back", |view| view.branch == 0);
    assert_eq!(view.moment, Moment { step: 5, instruction: 0 });
}
