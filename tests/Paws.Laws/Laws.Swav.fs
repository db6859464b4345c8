namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of SwAV's assignments and loss.
[<RequireQualifiedAccess>]
module SwavLaws =

    let private scores (s: Setting) =
        (Numerics.l2Normalise s.Anchors).mm((Numerics.l2Normalise s.Supports).t())

    /// Laws of SwAV's assignments: ε, rounds, scores [n,k].
    let assign (f: float -> int -> torch.Tensor -> torch.Tensor) = [
        Law.always "assignments are distributions over prototypes" (fun s -> Must.beDistributions "rows" (f s.Temperature 3 (scores s)))

        Law.always "after many rounds every prototype has an equal part" (fun s ->
            // At ε of 0.5 and above, where Sinkhorn's algorithm has converged after 200 rounds.
            let all = f (max 0.5 s.Temperature) 200 (scores s)
            let share = float s.AnchorRows / float s.SupportRows
            Must.agreeWithin 1e-8 "columns" (Draw.constant 1 s.SupportRows share) (all.sum ([| 0L |], keepdim = true)))

        Law.always "the order of rows and of prototypes is followed" (fun s ->
            let random = s.Random

            let first, second =
                Draw.permutation random s.AnchorRows, Draw.permutation random s.SupportRows

            let permute (x: torch.Tensor) =
                x.index_select(0L, first).index_select(1L, second)

            Must.agree "permuted" (permute (f s.Temperature 3 (scores s))) (f s.Temperature 3 (permute (scores s))))

        Law.always "what a prototype's scores share does not matter" (fun s ->
            let shift = Draw.gaussian s.Random 1 s.SupportRows
            Must.agree "shifted" (f s.Temperature 3 (scores s)) (f s.Temperature 3 (Scalars.add (scores s) shift)))

        Law.always "equal scores are assigned evenly" (fun s ->
            let even = Draw.constant s.AnchorRows s.SupportRows 0.3
            Must.agree "uniform" (Draw.uniform s.AnchorRows s.SupportRows) (f s.Temperature 3 even))

        Law.always "large scores do not overflow, and no gradient passes" (fun s ->
            let all = f 1e-3 3 (Draw.leaf (scores s))
            Must.beFinite "assignments" all
            Must.beDetached "assignments" all)
    ]

    /// Laws of SwAV: options, small views, prototypes, views.
    let all (loss: SwavLossOptions -> int -> torch.Tensor -> torch.Tensor -> torch.Tensor) =
        let run (s: Setting) prototypes views =
            loss (SwavLossOptions.Create(s.Temperature, 0.1, 3)) s.SmallViews prototypes views

        DirectionLaws.precision _.Anchors (fun s z -> run s (z.detach().narrow(0L, 0L, min 3L z.shape[0])) z)
        |> List.append [
            Law.regular "SwAV: lengths of views and prototypes, and rotations of both, do not matter" (fun s ->
                let random = s.Random

                let scale (x: torch.Tensor) =
                    x.mul (Draw.factors random (int x.shape[0]))

                let turn = Draw.rotation random s.Width
                let expected = run s s.Supports s.Anchors
                Must.agree "lengths" expected (run s (scale s.Supports) (scale s.Anchors))
                Must.agree "rotation" expected (run s (s.Supports.mm turn) (s.Anchors.mm turn)))

            Law.always "it lies in [0, log k + 2/τ]" (fun s ->
                let most = log (float s.SupportRows) + 2.0 / s.Temperature
                Must.lieIn "value" 0.0 most (run s s.Supports s.Anchors))

            Law.regular "the order of prototypes, and of the two large views, does not matter" (fun s ->
                let order = Draw.permutation s.Random s.SupportRows
                let b = int64 s.Images
                let large = s.Anchors.narrow (0L, 0L, 2L * b)
                let small = s.Anchors.narrow (0L, 2L * b, int64 s.SmallViews * b)
                let expected = run s s.Supports s.Anchors
                Must.agree "prototypes" expected (run s (Draw.rows order s.Supports) s.Anchors)
                Must.agree "views" expected (run s s.Supports (torch.cat ([| Targets.swap large; small |], 0L))))

            Law.always "with one prototype there is nothing to predict" (fun s ->
                Must.lieIn "value" 0.0 0.0 (run s (s.Regular.Supports.narrow (0L, 0L, 1L)) s.Regular.Anchors))

            Law.regular "gradients, with assignments held, agree with central differences of the explicit sum" (fun s ->
                let count = 2 + s.SmallViews

                let cosines views prototypes : torch.Tensor =
                    (Numerics.l2Normalise views).mm((Numerics.l2Normalise prototypes).t())

                let assigned =
                    Array.init 2 (fun v ->
                        SwavLoss.assign 0.1 3 ((cosines s.Anchors s.Supports).narrow(0L, int64 (v * s.Images), int64 s.Images)))

                let explicit views prototypes =
                    let logs = (cosines views prototypes |> Scalars.divide s.Temperature).log_softmax 1L

                    let view v =
                        logs.narrow (0L, int64 (v * s.Images), int64 s.Images)

                    [|
                        for large in 0..1 do
                            for other in 0 .. count - 1 do
                                if other <> large then
                                    assigned[large].mul(view other).sum(1L).mean().neg()
                    |]
                    |> torch.stack
                    |> _.mean()

                Must.differentiate "the explicit sum" (fun z -> explicit z s.Supports) s.Anchors

                Must.agree
                    "views"
                    (Differentiate.grad (fun z -> explicit z s.Supports) s.Anchors)
                    (Differentiate.grad (run s s.Supports) s.Anchors)

                Must.agree
                    "prototypes"
                    (Differentiate.grad (explicit s.Anchors) s.Supports)
                    (Differentiate.grad (fun c -> run s c s.Anchors) s.Supports))
        ]
