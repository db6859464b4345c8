namespace Paws.Model

open System
open System.Collections.Generic
open TorchSharp

/// What one call of SynchronisedNorm works with besides its tensors with gradient.
type internal NormCall = {
    SumOverWorkers: Action<torch.Tensor>
    RunningMean: torch.Tensor
    RunningVar: torch.Tensor
    Momentum: float
}

/// Batch normalisation over the batches of all workers together, forward and backward: what one worker would compute on the whole
/// batch, however many rows each worker has. One exchange of 2c + 1 numbers a call, one of 2c in backward.
///
/// With n rows here, N rows in all, μ and v mean and (biased) variance over all, x̂ = (x − μ)/√(v + ε):
///   forward   y = γ·x̂ + β, with N, Σx and Σx² summed over workers (from each worker's mean and variance, in float64);
///   backward  dγ = Σ dy·x̂, dβ = Σ dy over the rows here, as always; dx = γ/√(v + ε) · (dy − (Dβ + x̂·Dγ)/N), with Dγ and Dβ
///             summed over workers: the statistics depend on everybody's rows.
/// libtorch's kernels for fixed statistics do the passes over the rows; the part of dx that they leave out is itself such a
/// normalisation of x.
[<Sealed; AllowNullLiteral>]
type internal SynchronisedNorm() =
    inherit torch.autograd.SingleTensorFunction<SynchronisedNorm>()

    static let epsilon = 1e-5

    // Two operators that TorchSharp does not have.
    static let source =
        $"""
def statistics(x: Tensor, like: Tensor) -> List[Tensor]:
    mean, var = torch.batch_norm_update_stats(x, torch.zeros_like(like), torch.ones_like(like), 1.0)
    return [mean, var]

def gradient(dy: Tensor, x: Tensor, weight: Tensor, mean: Tensor, var: Tensor) -> List[Tensor]:
    dx, dw, db = torch.native_batch_norm_backward(dy, x, weight, mean, var, None, None, False, {epsilon}, [True, True, True])
    return [dx, dw, db]
"""

    static let script = lazy torch.jit.compile source

    static let normalise (x: torch.Tensor) (mean: torch.Tensor) (var: torch.Tensor) weight bias =
        torch.nn.functional.batch_norm (x, mean, var, weight, bias, false, 0.0, epsilon)

    /// Moves a running statistic by the momentum.
    static let follow (momentum: float) (running: torch.Tensor) (batch: torch.Tensor) =
        let next =
            Scalars.add (Scalars.multiply (1.0 - momentum) running) (Scalars.multiply momentum batch)

        running.copy_ next |> ignore

    override _.Name = nameof SynchronisedNorm

    override _.forward(context, arguments) =
        use scope = torch.NewDisposeScope()

        let x, weight, bias =
            arguments[0] :?> torch.Tensor, arguments[1] :?> torch.Tensor, arguments[2] :?> torch.Tensor

        let call = arguments[3] :?> NormCall
        let dtype = call.RunningMean.dtype
        let local = script.Value.invoke<torch.Tensor[]>("statistics", x, call.RunningMean)
        let mean, var = local[0].to_type torch.float64, local[1].to_type torch.float64
        let channels = mean.shape[0]
        let rows = float (x.numel () / channels)

        // [c] Σx, [c] Σx², [1] N
        let sums =
            torch.cat (
                [|
                    Scalars.multiply rows mean
                    Scalars.multiply rows (Scalars.add var (Scalars.square mean))
                    Scalars.full [| 1L |] rows torch.float64 x.device
                |],
                0L
            )

        call.SumOverWorkers.Invoke sums
        let count = sums.narrow (0L, 2L * channels, 1L)
        let mean = (sums.narrow (0L, 0L, channels)).div count

        let var =
            (sums.narrow (0L, channels, channels)).div(count).sub(Scalars.square mean)
            |> Scalars.clampMin 0.0

        let unbiased = var.mul(count).div(Scalars.shift -1.0 count)
        follow call.Momentum call.RunningMean (mean.to_type dtype)
        follow call.Momentum call.RunningVar (unbiased.to_type dtype)
        let mean, var = mean.to_type dtype, var.to_type dtype
        context.save_for_backward (List [ x; weight; mean; var; count ])
        context.save_data (nameof NormCall, call)

        for saved in [ mean; var; count ] do
            saved.MoveToOuterDisposeScope() |> ignore

        (normalise x mean var weight bias).MoveToOuterDisposeScope()

    override _.backward(context, dy) =
        use scope = torch.NewDisposeScope()
        let saved = context.get_saved_variables ()
        let x, weight, mean, var, count = saved[0], saved[1], saved[2], saved[3], saved[4]
        let call = context.get_data (nameof NormCall) :?> NormCall

        let gradient =
            script.Value.invoke<torch.Tensor[]>("gradient", dy, x, weight, mean, var)

        let dx, dWeight, dBias = gradient[0], gradient[1], gradient[2]
        let sums = torch.cat([| dWeight; dBias |], 0L).to_type torch.float64 // [c] Dγ, [c] Dβ
        call.SumOverWorkers.Invoke sums
        let means = (sums.div count).to_type mean.dtype
        let channels = mean.shape[0]
        let scale = weight.mul ((Scalars.shift epsilon var).rsqrt())

        let missing =
            normalise x mean var (scale.mul (means.narrow (0L, 0L, channels))) (scale.mul (means.narrow (0L, channels, channels)))

        let result = List<torch.Tensor>()

        for g in [ dx.sub_ missing; dWeight; dBias ] do
            result.Add(g.MoveToOuterDisposeScope())

        result.Add Unchecked.defaultof<torch.Tensor> // the call is no tensor
        result

    /// Same shape and type as x; running mean and variance move by the momentum, the variance by the unbiased one over all rows.
    static member Apply
        (
            sumOverWorkers: Action<torch.Tensor>,
            x: torch.Tensor,
            weight: torch.Tensor,
            bias: torch.Tensor,
            runningMean: torch.Tensor,
            runningVar: torch.Tensor,
            momentum: float
        ) : torch.Tensor =
        SynchronisedNorm.apply (
            x,
            weight,
            bias,
            {
                SumOverWorkers = sumOverWorkers
                RunningMean = runningMean
                RunningVar = runningVar
                Momentum = momentum
            }
        )
