namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of NT-Xent, with and without the gradient of what a row is compared with.
[<RequireQualifiedAccess>]
module NtXentLaws =

    let private views (s: Setting) = s.Targets

    /// Laws of NT-Xent, with the gradient of what a row is compared with, and without: τ, embeddings [2b,d].
    let all (loss: float -> torch.Tensor -> torch.Tensor) (detached: float -> torch.Tensor -> torch.Tensor) =
        DirectionLaws.all views (fun s z -> loss s.Temperature z)
        @ [
            Law.regular "the order of images, and of the two views, does not matter" (fun s ->
                let order = Draw.permutation s.Random s.Images
                let second = (Scalars.shift (float s.Images) order).to_type torch.int64
                let expected = loss s.Temperature (views s)
                Must.agree "images" expected (loss s.Temperature (Draw.rows (torch.cat ([| order; second |], 0L)) (views s)))
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
                    s.Unsaturated with
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
                    let own = (Scalars.range z.shape[0] torch.CPU).eq(torch.tensor (int64 row))
                    let total = (Scalars.maskedFill own -infinity scores).logsumexp 0L
                    let positive = scores[int64 ((row + s.Images) % (2 * s.Images))]
                    total.sub positive |> Scalars.divide (float (2 * s.Images))

                let expected = Differentiate.grad term (z.narrow (0L, int64 row, 1L))
                Must.agree "row of the gradient" expected (gradient.narrow (0L, int64 row, 1L)))

            Law.regular "its gradient agrees with central differences" (fun s ->
                Must.differentiate "embeddings" (loss s.Temperature) (views s))
        ]
