namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// How the rows of embeddings are drawn.
type Rows =
    /// Whole numbers from −3 to 3, no row zero: readable, and what failing cases shrink to.
    | Whole
    /// Independent normal numbers.
    | Gaussian
    /// As Gaussian, with lengths from 1e-30 to 1e30.
    | Lengths
    /// As Gaussian, a third of the rows zero.
    | Zeros
    /// Two different rows, again and again.
    | Duplicates
    /// Multiples of one row, forwards and backwards.
    | Collinear

/// Random tensors in float64 from generators of their own: torch's global one is shared by whatever runs beside.
[<RequireQualifiedAccess>]
module Draw =

    let private normal (random: Random) =
        sqrt (-2.0 * log (1.0 - random.NextDouble()))
        * cos (2.0 * Math.PI * random.NextDouble())

    let private matrix rows columns (values: float[]) : torch.Tensor =
        torch.tensor(values, dtype = torch.float64).reshape(int64 rows, int64 columns)

    /// Independent normal numbers.
    let gaussian (random: Random) rows columns =
        Array.init (rows * columns) (fun _ -> normal random) |> matrix rows columns

    /// A row by a number of its own.
    let private scaled rows columns (values: float[]) (factor: int -> float) =
        Array.init (rows * columns) (fun i -> values[i] * factor (i / columns))

    /// Embeddings of a kind, [rows, columns].
    let embeddings (kind: Rows) (random: Random) rows columns =
        let draw rows =
            Array.init (rows * columns) (fun _ -> normal random)

        match kind with
        | Gaussian -> draw rows
        | Whole ->
            let values = Array.init (rows * columns) (fun _ -> float (random.Next(-3, 4)))

            for row in 0 .. rows - 1 do
                if Array.forall ((=) 0.0) values[row * columns .. row * columns + columns - 1] then
                    values[row * columns + random.Next columns] <- 1.0

            values
        | Lengths ->
            let exponents = Array.init rows (fun _ -> -30.0 + 60.0 * random.NextDouble())
            scaled rows columns (draw rows) (fun row -> 10.0 ** exponents[row])
        | Zeros ->
            let zero = Array.init rows (fun _ -> random.Next 3 = 0)
            scaled rows columns (draw rows) (fun row -> if zero[row] then 0.0 else 1.0)
        | Duplicates ->
            let two = draw 2
            let choice = Array.init rows (fun _ -> random.Next 2)
            Array.init (rows * columns) (fun i -> two[choice[i / columns] * columns + i % columns])
        | Collinear ->
            let one = draw 1
            let factors = Array.init rows (fun _ -> normal random)
            Array.init (rows * columns) (fun i -> one[i % columns] * factors[i / columns])
        |> matrix rows columns

    let constant rows columns value : torch.Tensor =
        Scalars.full [| int64 rows; int64 columns |] value torch.float64 torch.CPU

    /// Rows that are all uniform.
    let uniform rows columns =
        constant rows columns (1.0 / float columns)

    /// Rows that are distributions, from nearly uniform to nearly one-hot.
    let distributions (random: Random) rows columns =
        (gaussian random rows columns
         |> Scalars.multiply (0.1 + 8.0 * random.NextDouble()))
            .softmax
            1L

    /// Positive factors, one a row: [rows, 1].
    let factors random rows = (gaussian random rows 1).exp()

    /// An orthogonal matrix, reflections included.
    let rotation (random: Random) size : torch.Tensor =
        let struct (q, _) = torch.linalg.qr (gaussian random size size)
        q

    /// Whole numbers below size in a random order.
    let permutation (random: Random) size : torch.Tensor =
        let order = Array.init size int64
        random.Shuffle order
        torch.tensor (order, dtype = torch.int64)

    /// A leaf of the same numbers.
    let leaf (x: torch.Tensor) = x.detach().clone().requires_grad_()

    /// Rows of x in an order, which may leave out some and repeat others.
    let rows (order: torch.Tensor) (x: torch.Tensor) = x.index_select (0L, order)
