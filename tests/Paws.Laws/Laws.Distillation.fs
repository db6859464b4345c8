namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of distillation.
[<RequireQualifiedAccess>]
module DistillationLaws =

    /// Laws of distillation: τ, teacher [n,k], student [n,k].
    let all (loss: float -> torch.Tensor -> torch.Tensor -> torch.Tensor) = [
        Law.always "distillation is least where the student is the teacher, and is its entropy there" (fun s ->
            let t, other = s.Logits 0, s.Logits 1

            let entropy =
                (Numerics.entropy ((Scalars.divide s.Temperature t).softmax 1L)).mean()

            Must.agree "at the teacher" entropy (loss s.Temperature t t)
            Must.notExceed "elsewhere" entropy (loss s.Temperature t other))

        Law.always "its gradient is (student's distribution − teacher's) / (τ n)" (fun s ->
            let t, student = s.Logits 0, s.Logits 1

            let p (x: torch.Tensor) =
                (Scalars.divide s.Temperature x).softmax 1L

            let expected =
                (p student).sub(p t) |> Scalars.divide (s.Temperature * float s.AnchorRows)

            Must.agree "gradient" expected (Differentiate.grad (loss s.Temperature t) student))

        Law.always "what a row's logits share does not matter; the order of classes and rows neither" (fun s ->
            let t, student, random = s.Logits 0, s.Logits 1, s.Random
            let expected = loss s.Temperature t student
            let shift () = Draw.gaussian random s.AnchorRows 1
            Must.agree "shift" expected (loss s.Temperature (Scalars.add t (shift ())) (Scalars.add student (shift ())))

            let first, second =
                Draw.permutation random s.AnchorRows, Draw.permutation random s.Classes

            let permute (x: torch.Tensor) =
                x.index_select(0L, first).index_select(1L, second)

            Must.agree "order" expected (loss s.Temperature (permute t) (permute student)))

        Law.always "no gradient passes through the teacher" (fun s ->
            let t = Draw.leaf (s.Logits 0)
            (loss s.Temperature t (Draw.leaf (s.Logits 1))).backward()
            Must.notBeFelt "teacher" t.grad)

        Law.always "large logits do not overflow" (fun s ->
            let large = s.Logits 0 |> Scalars.multiply 1e4
            Must.beFinite "value" (loss s.Temperature large (large.neg ()))
            Must.beFinite "gradient" (Differentiate.grad (loss s.Temperature large) (large.neg ())))
    ]
