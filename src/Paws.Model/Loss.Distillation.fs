namespace Paws.Model

open TorchSharp

/// Distillation as in SimCLRv2 (Chen et al., NeurIPS 2020, equation 2): a student learns the class distributions of a teacher.
[<RequireQualifiedAccess>]
module DistillationLoss =

    /// Mean of H(softmax(teacher/τ), softmax(student/τ)) in nats, scalar in [0, ∞). Not scaled by τ², as in that paper.
    ///
    /// temperature τ in (0, ∞); teacher [n,k] and student [n,k], logits. Gradient passes to the student; the teacher is detached.
    let evaluate (temperature: float) (teacher: torch.Tensor) (student: torch.Tensor) =
        Checks.positive "temperature" temperature
        Checks.matrix "teacher" teacher
        Checks.rows "student" teacher.shape[0] student
        Checks.sameWidth "student" student "teacher" teacher
        use scope = torch.NewDisposeScope()
        let targets = (teacher.detach () |> Scalars.divide temperature).softmax 1L
        let logs = (Scalars.divide temperature student).log_softmax 1L
        targets.mul(logs).sum(1L).mean().neg().MoveToOuterDisposeScope()
