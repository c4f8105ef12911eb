// ARGMAX, a step behind the first: the candidates are what an earlier step chose.

@group(0) @binding(3) var<storage, read> candidates: array<u32>;

fn candidate(index: u32, element: u32, which_case: u32) -> u32 {
    let word = which_case * params.candidate_words + element;
    return candidates[min(word, arrayLength(&candidates) - 1u)];
}
