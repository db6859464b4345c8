namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of losses that compare the rows of a batch with each other.
[<RequireQualifiedAccess>]
module ContrastiveLaws =

    let private rows (order: torch.Tensor) (x: torch.Tensor) = x.index_select (0L, order)

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
    let private directions draw loss =
        [ lengths draw loss; rotation draw loss ] @ precision draw loss

    let private withTwo (s: Setting) = {
        s with
            ImagesPerClass = s.ImagesPerClass + 1
    }

    /// Laws of SuNCEt: τ, embeddings [n,d], labels [n,k].
    let suncet (loss: float -> torch.Tensor -> torch.Tensor -> torch.Tensor) =
        let oneHot (s: Setting) =
            LabelMatrix.create s.Classes s.ImagesPerClass 1 false 0.0

        // Two images a class: a class alone has probability 0 for its only image, and the loss is then the type's largest.
        directions (fun s -> (withTwo s).Supports) (fun s z -> loss s.Temperature z ((withTwo s).Labels.to_type z.dtype))
        @ [
            Law.regular "the order of rows, and of classes, does not matter" (fun s ->
                let s = withTwo s
                let random = s.Random

                let order, classes =
                    Draw.permutation random s.SupportRows, Draw.permutation random s.Classes

                let expected = loss s.Temperature s.Supports s.Labels
                Must.agree "rows" expected (loss s.Temperature (rows order s.Supports) (rows order s.Labels))
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

    let private views (s: Setting) = s.Targets

    /// Laws of NT-Xent, with the gradient of what a row is compared with, and without: τ, embeddings [2b,d].
    let ntXent (loss: float -> torch.Tensor -> torch.Tensor) (detached: float -> torch.Tensor -> torch.Tensor) =
        directions views (fun s z -> loss s.Temperature z)
        @ [
            Law.regular "the order of images, and of the two views, does not matter" (fun s ->
                let order = Draw.permutation s.Random s.Images
                let second = (Scalars.shift (float s.Images) order).to_type torch.int64
                let expected = loss s.Temperature (views s)
                Must.agree "images" expected (loss s.Temperature (rows (torch.cat ([| order; second |], 0L)) (views s)))
                Must.agree "views" expected (loss s.Temperature (Targets.swap (views s))))

            Law.regular "it is −log of the other view's share of the similarity mass of the others" (fun s ->
                let z = Numerics.l2Normalise (views s)
                let mass = (z.mm (z.t ()) |> Scalars.divide s.Temperature).exp()

                let others =
                    mass.mul ((torch.eye (z.shape[0], dtype = torch.float64)).neg() |> Scalars.shift 1.0)

                let positive = (z.mul(Targets.swap z).sum 1L |> Scalars.divide s.Temperature).exp()
                Must.agree "value" (positive.div(others.sum 1L).log().mean().neg()) (loss s.Temperature (views s)))

            Law.always "it lies in [0, log(2b − 1) + 2/τ]" (fun s ->
                let most = log (float (2 * s.Images - 1)) + 2.0 / s.Temperature
                Must.lieIn "value" 0.0 most (loss s.Temperature (views s)))

            Law.regular "detaching what a row is compared with keeps the value" (fun s ->
                Must.agree "value" (loss s.Temperature (views s)) (detached s.Temperature (views s)))

            Law.always "detaching it changes the gradient" (fun s ->
                let s = {
                    s with
                        Rows = Gaussian
                        Images = s.Images + 1
                        Width = max 3 s.Width
                }

                let full = Differentiate.grad (loss s.Temperature) (views s)
                let part = Differentiate.grad (detached s.Temperature) (views s)
                Must.hold "the same gradient" (Must.value ((full.sub part).abs().max()) > 1e-9))

            Law.regular "detached, each row's gradient is its own: that of its term with all others held" (fun s ->
                let z = views s
                let row = s.Random.Next(2 * s.Images)
                let gradient = Differentiate.grad (detached s.Temperature) z

                let term (own: torch.Tensor) =
                    let unit, all = Numerics.l2Normalise own, Numerics.l2Normalise z
                    let scores = all.mv (unit.squeeze 0L) |> Scalars.divide s.Temperature
                    let own = torch.arange(z.shape[0]).eq(torch.tensor (int64 row))
                    let total = (Scalars.maskedFill own -infinity scores).logsumexp 0L
                    let positive = scores[int64 ((row + s.Images) % (2 * s.Images))]
                    total.sub positive |> Scalars.divide (float (2 * s.Images))

                let expected = Differentiate.grad term (z.narrow (0L, int64 row, 1L))
                Must.agree "row of the gradient" expected (gradient.narrow (0L, int64 row, 1L)))

            Law.regular "its gradient agrees with central differences" (fun s ->
                Must.differentiate "embeddings" (loss s.Temperature) (views s))
        ]
