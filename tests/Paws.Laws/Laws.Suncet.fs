namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of SuNCEt.
[<RequireQualifiedAccess>]
module SuncetLaws =

    let private withTwo (s: Setting) = {
        s with
            ImagesPerClass = s.ImagesPerClass + 1
    }

    /// Laws of SuNCEt: τ, embeddings [n,d], labels [n,k].
    let all (loss: float -> torch.Tensor -> torch.Tensor -> torch.Tensor) =
        let oneHot (s: Setting) =
            LabelMatrix.create s.Classes s.ImagesPerClass 1 false 0.0

        // Two images a class: a class alone has probability 0 for its only image, and the loss is then the type's largest.
        DirectionLaws.all (fun s -> (withTwo s).Supports) (fun s z -> loss s.Temperature z ((withTwo s).Labels.to_type z.dtype))
        @ [
            Law.regular "the order of rows, and of classes, does not matter" (fun s ->
                let s = withTwo s
                let random = s.Random

                let order, classes =
                    Draw.permutation random s.SupportRows, Draw.permutation random s.Classes

                let expected = loss s.Temperature s.Supports s.Labels
                Must.agree "rows" expected (loss s.Temperature (Draw.rows order s.Supports) (Draw.rows order s.Labels))
                Must.agree "classes" expected (loss s.Temperature s.Supports (s.Labels.index_select (1L, classes))))

            Law.regular "with one-hot labels it is −log of the own class's share of the similarity mass of the others" (fun s ->
                let s = withTwo s
                let z = Numerics.l2Normalise s.Supports
                let mass = (z.mm (z.t ()) |> Scalars.divide s.Temperature).exp()

                let others =
                    mass.mul ((torch.eye (z.shape[0], dtype = torch.float64)).neg() |> Scalars.shift 1.0)

                let y = oneHot s
                let own = others.mul(y.mm (y.t ())).sum 1L
                let expected = own.div(others.sum 1L).log().mean().neg()
                Must.agree "value" expected (loss s.Temperature s.Supports y))

            Law.always "equal embeddings cost log of the share of the class among the others" (fun s ->
                let s = withTwo s
                let equal = torch.ones (int64 s.SupportRows, int64 s.Width, dtype = torch.float64)
                let expected = log (float (s.SupportRows - 1) / float (s.ImagesPerClass - 1))
                Must.equal "value" expected (Must.value (loss s.Temperature equal (oneHot s))))

            Law.always "separated classes cost almost nothing" (fun s ->
                let s = withTwo s
                Must.lieIn "value" 0.0 1e-6 (loss 0.04 (oneHot s) (oneHot s)))

            Law.regular "its gradient agrees with central differences" (fun s ->
                let s = withTwo s
                Must.differentiate "embeddings" (fun z -> loss s.Temperature z s.Labels) s.Supports)
        ]
