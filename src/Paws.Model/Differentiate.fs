namespace Paws.Model

open TorchSharp

/// What a comparison with central differences found.
type GradientCheck = {
    /// The largest difference between gradient and difference quotient, over the largest entry of either.
    Error: float
    /// The entry, counted through the flattened argument, where it was found.
    Index: int64
    /// The gradient there, from automatic differentiation.
    Gradient: float
    /// The central difference there.
    Difference: float
}

/// Derivatives of pure functions over tensors, as functions: the vocabulary of DiffSharp (`diff`, `grad`, `jacobianv`,
/// `jacobianTv`, `hessianv`) over libtorch's autograd, on the argument's device and in its type. The function is called with a
/// leaf that stands for the argument; the argument itself, and what the function closes over, are left alone. Results are
/// fresh tensors without a graph.
///
/// A function that does not depend on its argument has derivative 0. Where it is not differentiable libtorch's choice holds.
module Differentiate =

    let private leaf (x: torch.Tensor) = x.detach().requires_grad_()

    let private scalar (y: torch.Tensor) =
        if y.NumberOfElements <> 1L then
            Checks.fail $"the function must return one number, got a tensor of shape [{System.String.Join(',', y.shape)}]"

        y.sum () // of any shape with one element → scalar

    let private sameShape name (x: torch.Tensor) otherName (other: torch.Tensor) =
        if not (System.Linq.Enumerable.SequenceEqual(x.shape, other.shape)) then
            Checks.fail
                $"{name} must have the shape of {otherName}, [{System.String.Join(',', other.shape)}], got [{System.String.Join(',', x.shape)}]"

    /// (∂y/∂x)ᵀ u; 0 where y does not depend on x. keepGraph: whether the result is to be differentiated again.
    let private pullBack keepGraph (y: torch.Tensor) (x: torch.Tensor) (u: torch.Tensor) : torch.Tensor =
        if not y.requires_grad then
            torch.zeros_like x
        else
            match
                torch.autograd.grad ([| y |], [| x |], [| u |], retain_graph = keepGraph, create_graph = keepGraph, allow_unused = true)
                |> Seq.toArray
            with
            | [| g |] when not (isNull g) && not g.IsInvalid -> g
            | _ -> torch.zeros_like x

    /// f(x) and ∇f(x), of a function to one number: x of any shape → scalar, and the shape of x.
    let valueAndGrad (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) : struct (torch.Tensor * torch.Tensor) =
        use _ = torch.enable_grad ()
        use scope = torch.NewDisposeScope()
        let x = leaf x
        let y = scalar (f x)
        let gradient = pullBack false y x (torch.ones_like y)
        struct (y.detach().MoveToOuterDisposeScope(), gradient.detach().MoveToOuterDisposeScope())

    /// ∇f(x), of a function to one number: x of any shape → the shape of x.
    let grad (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) : torch.Tensor =
        let struct (value, gradient) = valueAndGrad f x
        value.Dispose()
        gradient

    /// Jᵀu, u of the shape of f(x) → the shape of x: what a loss passes back through f.
    let jacobianTv (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) (u: torch.Tensor) : torch.Tensor =
        use _ = torch.enable_grad ()
        use scope = torch.NewDisposeScope()
        let x = leaf x
        let y = f x
        sameShape "u" u "f(x)" y
        (pullBack false y x u).detach().MoveToOuterDisposeScope()

    /// J v, v of the shape of x → the shape of f(x): how f(x) changes when x moves along v.
    let jacobianv (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) (v: torch.Tensor) : torch.Tensor =
        sameShape "v" v "x" x
        use _ = torch.enable_grad ()
        use scope = torch.NewDisposeScope()
        let x = leaf x
        let y = f x
        // Jᵀu is linear in u; the transpose of that map, at any u, is J.
        let u = (torch.zeros_like y).requires_grad_()
        let pulled = pullBack true y x u
        (pullBack false pulled u v).detach().MoveToOuterDisposeScope()

    /// f′(x), of a function of one number: x with one element → the shape of f(x).
    let diff (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) : torch.Tensor =
        if x.NumberOfElements <> 1L then
            Checks.fail $"diff takes a function of one number; x has {x.NumberOfElements} (use grad or jacobianv)"

        use ones = torch.ones_like x
        jacobianv f x ones

    /// H v, the Hessian of a function to one number times v of the shape of x → the shape of x.
    let hessianv (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) (v: torch.Tensor) : torch.Tensor =
        sameShape "v" v "x" x
        use _ = torch.enable_grad ()
        use scope = torch.NewDisposeScope()
        let x = leaf x
        let y = scalar (f x)
        let gradient = pullBack true y x (torch.ones_like y)
        (pullBack false gradient x v).detach().MoveToOuterDisposeScope()

    /// Compares ∇f(x) with central differences, entry by entry, with steps of 6e-6 (the cube root of float64's precision, where
    /// rounding and curvature disturb least) times the entry's magnitude where that is above 1. Errors around 1e-9 are usual
    /// for smooth functions; 1e-5 is a sensible bound.
    ///
    /// f: a pure function to one number; x: any shape, float64. Costs two calls of f an entry.
    let checkGradient (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) : GradientCheck =
        if x.dtype <> torch.float64 then
            Checks.fail $"checkGradient needs float64, where differences mean something; got {x.dtype}"

        use scope = torch.NewDisposeScope()
        let struct (value, gradient) = valueAndGrad f x
        let gradient = gradient.cpu().contiguous().data<float>().ToArray()
        let point = x.detach().cpu().contiguous().data<float>().ToArray()

        let at index (moved: float) =
            use scope = torch.NewDisposeScope()
            use _ = torch.no_grad ()
            let copy = Array.copy point
            copy[index] <- moved
            Scalars.value (f (torch.tensor(copy, dtype = torch.float64).reshape(x.shape).``to``(x.device)))

        let differences =
            Array.init point.Length (fun i ->
                let step = 6e-6 * max 1.0 (abs point[i])
                let above, below = point[i] + step, point[i] - step
                (at i above - at i below) / (above - below)) // the step that was really taken

        let largest (values: float[]) =
            Array.fold (fun m v -> max m (abs v)) 0.0 values
        // Where all derivatives vanish, the rounding of the value is all that is left to compare.
        let scale =
            largest gradient
            |> max (largest differences)
            |> max (1e-4 * max 1.0 (abs (Scalars.value value)))

        let errors =
            Array.map2
                (fun (g: float) d ->
                    if System.Double.IsNaN(g - d) then
                        infinity
                    else
                        abs (g - d) / scale)
                gradient
                differences

        let worst = Seq.init errors.Length id |> Seq.maxBy (fun i -> errors[i])

        {
            Error = errors[worst]
            Index = int64 worst
            Gradient = gradient[worst]
            Difference = differences[worst]
        }
