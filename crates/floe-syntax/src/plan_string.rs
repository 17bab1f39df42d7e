//! A plan as Spark draws it (`TreeNode.treeString`, 4.1): one line an operator, what it stands on below it. What a line
//! says is told by whose plan it is.

/// The text of a plan; `told` gives an operator's own line and its inputs.
pub fn plan_string<N: Copy>(root: N, told: impl Fn(N) -> (String, Vec<N>)) -> String {
    let mut out = String::new();
    // The nodes to draw, the next one last, each with what stands before its line and before those below it.
    let mut waiting = vec![(root, String::new(), String::new())];
    while let Some((node, first, rest)) = waiting.pop() {
        let (line, inputs) = told(node);
        out.push_str(&format!("{first}{line}\n"));
        for (index, input) in inputs.into_iter().rev().enumerate() {
            let (branch, below) = if index == 0 { ("+- ", "   ") } else { (":- ", ":  ") };
            waiting.push((input, format!("{rest}{branch}"), format!("{rest}{below}")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plan_string;

    #[test]
    fn inputs_stand_below_in_their_order() {
        let inputs = |node: u32| (node.to_string(), if node < 3 { vec![node * 2, node * 2 + 1] } else { vec![] });
        assert_eq!(plan_string(1, inputs), "1\n:- 2\n:  :- 4\n:  +- 5\n+- 3\n");
    }
}
