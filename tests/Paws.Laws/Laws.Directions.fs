namespace Paws.Laws

open Paws.Model
open TorchSharp

/// Laws of losses on the directions of a batch's embeddings.
[<RequireQualifiedAccess>]
module DirectionLaws =

    /// The lengths of embeddings do not matter. draw gives the embeddings of a setting.
    let lengths (draw: Setting -> torch.Tensor) (loss: Setting -> torch.Tensor -> torch.Tensor) =
        Law.regular "the lengths of embeddings do not matter" (fun s ->
            let z = draw s
            Must.agree "value" (loss s z) (loss s (z.mul (Draw.factors s.Random (int z.shape[0])))))

    /// Neither does a rotation of all of them.
    let rotation (draw: Setting -> torch.Tensor) (loss: Setting -> torch.Tensor -> torch.Tensor) =
        Law.regular "a rotation or reflection of the space does not matter" (fun s ->
            let z = draw s
            Must.agree "value" (loss s z) (loss s (z.mm (Draw.rotation s.Random s.Width))))

    /// Finite everywhere, and near enough in float32.
    let precision (draw: Setting -> torch.Tensor) (loss: Setting -> torch.Tensor -> torch.Tensor) = [
        Law.always "value and gradient are finite, in float64 and float32" (fun s ->
            for dtype in [ torch.float64; torch.float32 ] do
                let z = (draw s).to_type dtype
                Must.beFinite $"value in {dtype}" (loss s z)
                Must.beFinite $"gradient in {dtype}" (Differentiate.grad (loss s) z))

        Law.regular "float32 is within 1e-4 of float64" (fun s ->
            let z = draw s
            Must.agreeWithin 1e-4 "value" (loss s z) (loss s (z.to_type torch.float32)))
    ]

    /// What all losses on the directions of one batch of embeddings share.
    let all draw loss =
        [ lengths draw loss; rotation draw loss ] @ precision draw loss
