namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of FixMatch's loss of pseudo-labels.
[<RequireQualifiedAccess>]
module FixMatchLaws =

    /// Laws of FixMatch: threshold, weak [n,k], strong [n,k].
    let all (loss: float -> torch.Tensor -> torch.Tensor -> FixMatchResult) =
        let threshold (s: Setting) = 0.3 + 0.6 * s.Random.NextDouble()

        [
            Law.always "FixMatch is the cross-entropy against the weak view's class, over the confident rows, by all rows" (fun s ->
                let weak, strong, least = s.Logits 0, s.Logits 1, threshold s
                let q = weak.softmax 1L
                let confident = (Scalars.atLeast least (q.amax [| 1L |])).to_type torch.float64

                let target =
                    torch.nn.functional.one_hot(q.argmax 1L, int64 s.Classes).to_type torch.float64

                let each = Numerics.crossEntropy target (strong.softmax 1L)
                let result = loss least weak strong
                Must.agree "loss" (each.mul(confident).mean()) result.Loss
                Must.agree "share" (confident.mean ()) result.Confident)

            Law.always "the share of confident rows lies in [0, 1] and falls with the threshold" (fun s ->
                let share least =
                    Must.value (loss least (s.Logits 0) (s.Logits 1)).Confident

                let shares = [ for t in [ 0.05; 0.4; 0.7; 0.9; 1.0 ] -> share t ]
                Must.equal "nothing asked" 1.0 shares.Head
                Must.hold "falls" (shares = List.sortDescending shares))

            Law.always "rows that are not confident are not trained, the others are" (fun s ->
                let weak, strong, least = s.Logits 0, s.Logits 1, threshold s
                let gradient = Differentiate.grad (fun x -> (loss least weak x).Loss) strong
                let confident = Scalars.atLeast least ((weak.softmax 1L).amax [| 1L |])

                let felt =
                    gradient.abs().sum(1L).gt(torch.zeros (int64 s.AnchorRows, dtype = torch.float64))

                Must.hold "rows" (felt.eq(confident).all().item<bool>()))

            Law.always "no gradient passes through the weak view" (fun s ->
                let weak = Draw.leaf (s.Logits 0)
                (loss 0.05 weak (Draw.leaf (s.Logits 1))).Loss.backward()
                Must.notBeFelt "weak" weak.grad)

            Law.always "its gradient agrees with central differences" (fun s ->
                Must.differentiate "strong" (fun x -> (loss (threshold s) (s.Logits 0) x).Loss) (s.Logits 1))
        ]
