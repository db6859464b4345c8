namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of derivatives as functions.
[<RequireQualifiedAccess>]
module DifferentiateLaws =

    let private square (s: Setting) seed rows columns =
        Draw.gaussian (System.Random(s.Seed + seed)) rows columns

    /// A smooth map [n,d] → [n,k], and a smooth function of it to one number.
    let private map (s: Setting) (x: torch.Tensor) =
        x.mm(square s 1 s.Width s.Classes).tanh()

    let private scalar (s: Setting) (x: torch.Tensor) = (map s x |> Scalars.power 3.0).sum()

    let private dot (a: torch.Tensor) (b: torch.Tensor) = Must.value (a.mul(b).sum())

    let all = [
        Law.always "the gradient of ⟨a, x⟩ is a, of ½|x|² it is x" (fun s ->
            let x, a = s.Regular.Anchors, square s 1 s.AnchorRows s.Width
            Must.agree "linear" a (Differentiate.grad (fun x -> x.mul(a).sum()) x)
            Must.agree "quadratic" x (Differentiate.grad (fun x -> (Scalars.square x).sum() |> Scalars.multiply 0.5) x))

        Law.always "value and gradient come without a graph, and the argument is left alone" (fun s ->
            let x = Draw.leaf s.Regular.Anchors
            let struct (value, gradient) = Differentiate.valueAndGrad (scalar s) x
            Must.agree "value" (scalar s (x.detach ())) value
            Must.beDetached "value" value
            Must.beDetached "gradient" gradient
            Must.hold "the argument has no gradient" (isNull x.grad))

        Law.always "⟨u, J v⟩ = ⟨Jᵀu, v⟩" (fun s ->
            let x = s.Regular.Anchors
            let u, v = square s 2 s.AnchorRows s.Classes, square s 3 s.AnchorRows s.Width
            Must.equal "pairing" (dot u (Differentiate.jacobianv (map s) x v)) (dot (Differentiate.jacobianTv (map s) x u) v))

        Law.always "J v is the change of f along v" (fun s ->
            let x, v = s.Regular.Anchors, square s 3 s.AnchorRows s.Width

            let at (t: float) =
                map s (Scalars.add x (Scalars.multiply t v))

            let expected = (at 1e-5).sub(at -1e-5) |> Scalars.divide 2e-5
            Must.agreeWithin 1e-6 "J v" expected (Differentiate.jacobianv (map s) x v))

        Law.always "J v is linear in v" (fun s ->
            let x, v, w =
                s.Regular.Anchors, square s 3 s.AnchorRows s.Width, square s 4 s.AnchorRows s.Width

            let along = Differentiate.jacobianv (map s) x
            Must.agree "sum" (Scalars.add (along v) (Scalars.multiply 2.0 (along w))) (along (Scalars.add v (Scalars.multiply 2.0 w))))

        Law.always "the Hessian is symmetric, and is the change of the gradient" (fun s ->
            let x, v, w =
                s.Regular.Anchors, square s 3 s.AnchorRows s.Width, square s 4 s.AnchorRows s.Width

            let h = Differentiate.hessianv (scalar s) x
            Must.equal "symmetry" (dot w (h v)) (dot v (h w))

            let gradient (t: float) =
                Differentiate.grad (scalar s) (Scalars.add x (Scalars.multiply t v))

            Must.agreeWithin 1e-5 "H v" ((gradient 1e-5).sub(gradient -1e-5) |> Scalars.divide 2e-5) (h v))

        Law.always "the Hessian of the PAWS objective is symmetric too: double backward works" (fun s ->
            let s = s.Regular
            let options = PawsLossOptions.Create(s.Temperature, s.Sharpen, true)

            let f z =
                (PawsLoss.evaluate options z s.Supports s.Labels s.Targets s.TargetSupports).Total

            let v, w = square s 3 s.AnchorRows s.Width, square s 4 s.AnchorRows s.Width
            let h = Differentiate.hessianv f s.Anchors
            let first, second = dot w (h v), dot v (h w)
            Must.hold $"{first} and {second}" (abs (first - second) <= 1e-8 * max 1.0 (abs first)))

        Law.always "diff is the derivative of a curve" (fun s ->
            let t = torch.tensor (s.Random.NextDouble(), dtype = torch.float64)

            let curve (t: torch.Tensor) =
                torch.stack ([| t.sin (); t.cos (); Scalars.square t |])

            let expected = torch.stack ([| t.cos (); t.sin().neg(); Scalars.multiply 2.0 t |])
            Must.agree "curve" expected (Differentiate.diff curve t))

        Law.always "the chain rule: J of a composition is the product" (fun s ->
            let x, v = s.Regular.Anchors, square s 3 s.AnchorRows s.Width
            let outer (y: torch.Tensor) = y.sin ()

            let expected =
                Differentiate.jacobianv outer (map s x) (Differentiate.jacobianv (map s) x v)

            Must.agree "composition" expected (Differentiate.jacobianv (fun x -> outer (map s x)) x v))

        Law.always "what does not depend on x has derivative 0" (fun s ->
            let x = s.Regular.Anchors
            let constant (_: torch.Tensor) = torch.ones (2L, dtype = torch.float64)
            Must.agree "gradient" (torch.zeros_like x) (Differentiate.grad (fun x -> (constant x).sum()) x)
            Must.agree "J v" (torch.zeros (2L, dtype = torch.float64)) (Differentiate.jacobianv constant x x)
            let linear (x: torch.Tensor) = x.sum ()
            Must.agree "H v" (torch.zeros_like x) (Differentiate.hessianv linear x x))

        Law.always "checkGradient passes what is right and catches a gradient that is wrong by 1 %" (fun s ->
            let x = s.Regular.Anchors
            Must.hold "right" ((Differentiate.checkGradient (scalar s) x).Error < 1e-6)
            // The value of f with the gradient of 1.01 f.
            let wrong x =
                let y = scalar s x
                Scalars.add (y.detach ()) ((y.sub (y.detach ())) |> Scalars.multiply 1.01)

            let gradient = Differentiate.grad (scalar s) x

            if Must.value (gradient.abs().max()) > 1e-3 then
                Must.hold "wrong" ((Differentiate.checkGradient wrong x).Error > 1e-3))
    ]
