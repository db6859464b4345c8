namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of the targets: ρ, the number of small views m, the large views' predictions [2b,k], already swapped → [(2+m)b,k].
[<RequireQualifiedAccess>]
module TargetLaws =

    let private drawn (s: Setting) =
        Draw.distributions s.Random (2 * s.Images) s.Classes

    let all (create: (torch.Tensor -> torch.Tensor) -> int -> torch.Tensor -> torch.Tensor) =
        let targets (s: Setting) p =
            create (Sharpening.sharpen s.Sharpen) s.SmallViews p

        let rowsOf (s: Setting) view (t: torch.Tensor) =
            t.narrow (0L, int64 (view * s.Images), int64 s.Images)

        [
            Law.always "the large views' targets are the sharpened predictions, without what is below 1e-4" (fun s ->
                let sharp = Sharpening.sharpen s.Sharpen (drawn s)
                let expected = sharp.mul ((Scalars.atLeast 1e-4 sharp).to_type torch.float64)
                Must.agree "targets" expected ((targets s (drawn s)).narrow(0L, 0L, 2L * int64 s.Images)))

            Law.always "each small view's target is the mean of the two sharpened predictions" (fun s ->
                let sharp = Sharpening.sharpen s.Sharpen (drawn s)
                let mean = Scalars.add (rowsOf s 0 sharp) (rowsOf s 1 sharp) |> Scalars.multiply 0.5
                let expected = mean.mul ((Scalars.atLeast 1e-4 mean).to_type torch.float64)
                let all = targets s (drawn s)
                Must.hold "rows" (all.shape[0] = int64 s.AnchorRows)

                for view in 2 .. 1 + s.SmallViews do
                    Must.agree $"view {view}" expected (rowsOf s view all))

            Law.always "rows lack at most 1e-4 a class to a distribution, and no entry lies between 0 and 1e-4" (fun s ->
                let all = targets s (drawn s)
                Must.lieIn "sums" (1.0 - 1e-4 * float s.Classes) 1.0 (all.sum 1L)
                let small = (Scalars.less 1e-4 all).to_type torch.float64
                Must.lieIn "small entries" 0.0 0.0 (all.mul small))

            Law.always "no gradient passes through targets" (fun s ->
                let p = Draw.leaf (drawn s)
                Must.beDetached "targets" (targets s p))

            Law.always "the order of images and of classes is followed" (fun s ->
                let random = s.Random

                let images, classes =
                    Draw.permutation random s.Images, Draw.permutation random s.Classes

                let permute (views: int) (x: torch.Tensor) =
                    let order =
                        torch.cat (Array.init views (fun v -> Scalars.shift (float (v * s.Images)) images), 0L)

                    x.index_select(0L, order.to_type torch.int64).index_select(1L, classes)

                Must.agree "permuted" (permute (2 + s.SmallViews) (targets s (drawn s))) (targets s (permute 2 (drawn s))))
        ]

    /// Laws of the exchange of the two large views, [2b,k] → [2b,k].
    let swap (f: torch.Tensor -> torch.Tensor) = [
        Law.always "each view gets the other's place" (fun s ->
            let x = s.Targets

            let half i =
                x.narrow (0L, int64 (i * s.Images), int64 s.Images)

            Must.agree "swapped" (torch.cat ([| half 1; half 0 |], 0L)) (f x))

        Law.always "swapping twice changes nothing" (fun s -> Must.agree "twice" s.Targets (f (f s.Targets)))
    ]
