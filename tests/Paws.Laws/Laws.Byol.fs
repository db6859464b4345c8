namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of BYOL's loss.
[<RequireQualifiedAccess>]
module ByolLaws =

    /// Laws of BYOL: predictions [2b,d], targets [2b,d].
    let all (loss: torch.Tensor -> torch.Tensor -> torch.Tensor) =
        // Targets made of the predictions' own coordinates: they keep up with lengths, not with rotations.
        let rolled _ (z: torch.Tensor) =
            loss z (z.detach().roll([| 1L |], [| 1L |]))

        DirectionLaws.lengths _.Targets rolled
        :: DirectionLaws.precision _.Targets rolled
        |> List.append [
            Law.regular "BYOL lies in [0, 4]: 0 where views agree, 4 where they are opposite" (fun s ->
                let z = s.Targets
                Must.lieIn "value" 0.0 4.0 (loss z (z.mm (Draw.rotation s.Random s.Width)))
                Must.lieIn "agreement" 0.0 0.0 (loss z (Targets.swap z))
                Must.lieIn "opposition" 4.0 4.0 (loss z ((Targets.swap z).neg())))

            Law.regular "it is the squared distance of unit rows to the other view's target" (fun s ->
                let p, z = s.Targets, s.Anchors.narrow (0L, 0L, 2L * int64 s.Images)
                let difference = (Numerics.l2Normalise p).sub(Targets.swap (Numerics.l2Normalise z))
                Must.agree "value" ((Scalars.square difference).sum(1L).mean()) (loss p z))

            Law.regular "a rotation of predictions and targets together does not matter" (fun s ->
                let p, z = s.Targets, s.Anchors.narrow (0L, 0L, 2L * int64 s.Images)
                let turn = Draw.rotation s.Random s.Width
                Must.agree "value" (loss p z) (loss (p.mm turn) (z.mm turn)))

            Law.always "gradient passes through predictions alone" (fun s ->
                let s = { s with Rows = Gaussian }

                let p, z =
                    Draw.leaf s.Targets, Draw.leaf (s.Anchors.narrow (0L, 0L, 2L * int64 s.Images))

                (loss p z).backward()
                Must.beFelt "predictions" p.grad
                Must.notBeFelt "targets" z.grad)

            Law.regular "its gradient agrees with central differences" (fun s ->
                let z = s.Anchors.narrow (0L, 0L, 2L * int64 s.Images)
                Must.differentiate "predictions" (fun p -> loss p z) s.Targets)
        ]
