//! What becomes of a broken rule: the end of validation, or one more line of a list.

use std::cell::RefCell;

use crate::refusal::{Refusal, Section};

/// Refusals listed at most: more than anyone reads, and a bound on what a hostile file makes a tool keep.
const LISTED: usize = 1000;

/// Where the rules report to.
pub(crate) struct Findings {
    /// The list, where there is to be one.
    listed: Option<RefCell<Vec<Refusal>>>,
}

impl Findings {
    /// The first broken rule ends the validation.
    pub(crate) fn first() -> Findings {
        Findings { listed: None }
    }

    /// Broken rules are listed.
    pub(crate) fn every() -> Findings {
        Findings {
            listed: Some(RefCell::default()),
        }
    }

    /// Reports a rule that can be broken without keeping the rest of the module from being read.
    ///
    /// # Errors
    /// The rule is broken and nothing is listed, or the list is full.
    #[inline]
    pub(crate) fn note(&self, rule: Result<(), Refusal>) -> Result<(), Refusal> {
        rule.or_else(|refusal| self.broken(refusal))
    }

    #[cold]
    fn broken(&self, refusal: Refusal) -> Result<(), Refusal> {
        let Some(listed) = &self.listed else {
            return Err(refusal);
        };
        let mut listed = listed.borrow_mut();
        if listed.len() >= LISTED {
            return Err(refusal);
        }
        push(&mut listed, refusal);
        Ok(())
    }

    /// The list, behind it what ended the validation.
    pub(crate) fn into_list(self, last: Option<Refusal>) -> Vec<Refusal> {
        let mut list = self.listed.map_or_else(Vec::new, RefCell::into_inner);
        if let Some(last) = last {
            push(&mut list, last);
        }
        list
    }
}

/// Appends, unless an instruction of the same function broke the same rule before.
fn push(list: &mut Vec<Refusal>, refusal: Refusal) {
    let same = |other: &&Refusal| other.code == refusal.code && other.function == refusal.function;
    // A function's refusals stand together, at the end.
    let of_function = list
        .iter()
        .rev()
        .take_while(|other| other.function == refusal.function);
    let repeated =
        refusal.section == Section::Code && of_function.into_iter().any(|other| same(&other));
    if !repeated {
        list.push(refusal);
    }
}
