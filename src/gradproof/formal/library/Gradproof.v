(* Sums over symbolic ranges, and one lemma for each rule of differentiation.

   Indices and sizes are integers, so that i - 1 is what it says.  The derivative by one entry of an array is the
   derivative of what the loss is when that entry is replaced. *)
From Coq Require Import Reals ZArith Lia Lra FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(* -- what a reader must trust: these definitions ------------------------------------------ *)

Fixpoint upto (n : nat) (f : Z -> R) (lo : Z) : R :=
  match n with O => 0 | S m => f lo + upto m f (lo + 1) end.

(* f lo + ... + f hi; nothing where hi < lo *)
Definition Sum (lo hi : Z) (f : Z -> R) : R := upto (Z.to_nat (hi - lo + 1)) f lo.
Arguments Sum (lo hi)%Z f.

Definition delta (i a : Z) : R := if Z.eqb i a then 1 else 0.
Arguments delta (i a)%Z.

(* the array v with t in place of one entry *)
Definition replace1 (v : Z -> R) (a : Z) (t : R) : Z -> R :=
  fun i => if Z.eqb i a then t else v i.
Definition replace2 (v : Z -> Z -> R) (a b : Z) (t : R) : Z -> Z -> R :=
  fun i j => if (Z.eqb i a && Z.eqb j b)%bool then t else v i j.
Definition replace3 (v : Z -> Z -> Z -> R) (a b c : Z) (t : R) : Z -> Z -> Z -> R :=
  fun i j k => if (Z.eqb i a && Z.eqb j b && Z.eqb k c)%bool then t else v i j k.

(* Functions that Coq's library has not. *)
Definition erf (x : R) : R := 2 / sqrt PI * RInt (fun t => exp (- t ^ 2)) 0 x.
Definition erfc (x : R) : R := 1 - erf x.
Definition coth (x : R) : R := cosh x / sinh x.
Definition sech (x : R) : R := / cosh x.
Definition csch (x : R) : R := / sinh x.
Definition acosh (x : R) : R := ln (x + sqrt (x - 1) * sqrt (x + 1)).
Definition atanh (x : R) : R := ln ((1 + x) / (1 - x)) / 2.

(* f x = O(x^n) as x goes to zero *)
Definition bigO (n : nat) (f : R -> R) : Prop :=
  exists C d : R, 0 < d /\ forall x : R, Rabs x < d -> Rabs (f x) <= C * Rabs x ^ n.

(* f x y = O(m^n), where m is the larger of |x| and |y| *)
Definition bigO2 (n : nat) (f : R -> R -> R) : Prop :=
  exists C d : R, 0 < d /\ forall x y : R, Rabs x < d -> Rabs y < d -> Rabs (f x y) <= C * Rmax (Rabs x) (Rabs y) ^ n.

Lemma replace1_same v a : replace1 v a (v a) = v.
Proof. extensionality i. unfold replace1. now destruct (Z.eqb_spec i a); subst. Qed.
Lemma replace2_same v a b : replace2 v a b (v a b) = v.
Proof.
  extensionality i; extensionality j. unfold replace2.
  now destruct (Z.eqb_spec i a), (Z.eqb_spec j b); subst.
Qed.
Lemma replace3_same v a b c : replace3 v a b c (v a b c) = v.
Proof.
  extensionality i; extensionality j; extensionality k. unfold replace3.
  now destruct (Z.eqb_spec i a), (Z.eqb_spec j b), (Z.eqb_spec k c); subst.
Qed.

(* -- sums ------------------------------------------------------------------------------------ *)

Lemma upto_ext n f g lo : (forall i, (lo <= i < lo + Z.of_nat n)%Z -> f i = g i) -> upto n f lo = upto n g lo.
Proof.
  revert lo; induction n as [|n IH]; intros lo H; simpl; [reflexivity|].
  rewrite H by lia. f_equal. apply IH. intros i Hi. apply H. lia.
Qed.

Lemma Sum_ext lo hi f g : (forall i, (lo <= i <= hi)%Z -> f i = g i) -> Sum lo hi f = Sum lo hi g.
Proof. intro H. apply upto_ext. intros i Hi. apply H. lia. Qed.

(* A sum of terms, taken term by term; a factor that is free of the index stands before its sum. *)
Lemma upto_linear n c p r lo : upto n (fun i => c * p i + r i) lo = c * upto n p lo + upto n r lo.
Proof. revert lo; induction n as [|n IH]; intro lo; simpl; [ring|]. rewrite IH. ring. Qed.

Lemma sum_term (lo hi : Z) c p r S : Sum lo hi r = S -> Sum lo hi (fun i => c * p i + r i) = c * Sum lo hi p + S.
Proof. intros <-. apply upto_linear. Qed.

Lemma sum_end lo hi : Sum lo hi (fun _ => 0) = 0.
Proof.
  unfold Sum. generalize lo at 2. induction (Z.to_nat (hi - lo + 1)) as [|n IH]; intro k; simpl; [reflexivity|].
  rewrite IH. ring.
Qed.

(* The sum of a constant. *)
Lemma upto_one n lo : upto n (fun _ => 1) lo = IZR (Z.of_nat n).
Proof. revert lo; induction n as [|n IH]; intro lo; [reflexivity|]. simpl upto. rewrite IH, Nat2Z.inj_succ, succ_IZR. ring. Qed.

Lemma sum_constant (lo hi : Z) c r S :
  (lo - 1 <= hi)%Z -> Sum lo hi r = S -> Sum lo hi (fun i => c + r i) = c * IZR (hi - lo + 1) + S.
Proof.
  intros H <-. unfold Sum.
  replace (IZR (hi - lo + 1)) with (upto (Z.to_nat (hi - lo + 1)) (fun _ => 1) lo).
  - rewrite <- (upto_linear _ c (fun _ => 1) r). apply upto_ext. intros. ring.
  - rewrite upto_one. f_equal. lia.
Qed.

(* Only the term i = a survives. *)
Lemma upto_delta_out n a g lo : (a < lo)%Z -> upto n (fun i => delta i a * g i) lo = 0.
Proof.
  revert lo; induction n as [|n IH]; intros lo H; simpl; [reflexivity|].
  rewrite IH by lia. unfold delta. destruct (Z.eqb_spec lo a); [lia|ring].
Qed.

Lemma upto_delta n a g lo : (lo <= a < lo + Z.of_nat n)%Z -> upto n (fun i => delta i a * g i) lo = g a.
Proof.
  revert lo; induction n as [|n IH]; intros lo H; simpl; [lia|]. unfold delta at 1. destruct (Z.eqb_spec lo a).
  - subst. rewrite upto_delta_out by lia. ring.
  - rewrite IH by lia. ring.
Qed.

Lemma sum_survivor (lo hi a : Z) g r S :
  (lo <= a <= hi)%Z -> Sum lo hi r = S -> Sum lo hi (fun i => delta i a * g i + r i) = g a + S.
Proof.
  intros H <-. unfold Sum. rewrite <- (upto_delta (Z.to_nat (hi - lo + 1)) a g lo) by lia.
  generalize lo at 2 4 6. induction (Z.to_nat (hi - lo + 1)) as [|n IH]; intro k; simpl; [ring|]. rewrite IH. ring.
Qed.

Lemma sum_scaled (lo hi : Z) c p f : (forall i, f i = c * p i) -> Sum lo hi f = c * Sum lo hi p.
Proof.
  intro H. transitivity (Sum lo hi (fun i => c * p i + 0)).
  - apply Sum_ext. intros i _. rewrite H. ring.
  - rewrite <- (Rplus_0_r (c * _)). apply sum_term. apply sum_end.
Qed.
Arguments sum_scaled (lo hi)%Z c p f.

Arguments sum_term (lo hi)%Z c p r S.
Arguments sum_constant (lo hi)%Z c r S.
Arguments sum_survivor (lo hi a)%Z g r S.

(* Two sums change places. *)
Lemma sum_swap lo hi lo' hi' F :
  Sum lo hi (fun i => Sum lo' hi' (fun j => F i j)) = Sum lo' hi' (fun j => Sum lo hi (fun i => F i j)).
Proof.
  unfold Sum. generalize lo at 2 4. induction (Z.to_nat (hi - lo + 1)) as [|n IH]; intro k; simpl.
  - symmetry. generalize lo' at 2. induction (Z.to_nat (hi' - lo' + 1)) as [|m IHm]; intro q; simpl; [reflexivity|].
    rewrite IHm. ring.
  - rewrite IH. rewrite <- (Rmult_1_l (upto _ (fun j => F k j) lo')), <- upto_linear.
    apply upto_ext. intros. ring.
Qed.

Lemma delta_same i : delta i i = 1.
Proof. unfold delta. now rewrite Z.eqb_refl. Qed.
Lemma delta_sym i a : delta i a = delta a i.
Proof. unfold delta. now rewrite Z.eqb_sym. Qed.
Lemma delta_other i a : i <> a -> delta i a = 0.
Proof. intro N. unfold delta. now destruct (Z.eqb_spec i a). Qed.

Lemma sum_positive lo hi f : (lo <= hi)%Z -> (forall i, (lo <= i <= hi)%Z -> 0 < f i) -> 0 < Sum lo hi f.
Proof.
  intros H P. unfold Sum.
  assert (Q : forall n k, (forall i, (k <= i < k + Z.of_nat (S n))%Z -> 0 < f i) -> 0 < upto (S n) f k).
  { induction n as [|n IH]; intros k I; simpl upto.
    - rewrite Rplus_0_r. apply I. lia.
    - apply Rplus_lt_0_compat; [apply I; lia|]. apply IH. intros i Hi. apply I. lia. }
  replace (Z.to_nat (hi - lo + 1)) with (S (Z.to_nat (hi - lo))) by lia. apply Q. intros i Hi. apply P. lia.
Qed.

Lemma sum_nonnegative lo hi f : (forall i, (lo <= i <= hi)%Z -> 0 <= f i) -> 0 <= Sum lo hi f.
Proof.
  intro P. unfold Sum.
  assert (Q : forall n k, (forall i, (k <= i < k + Z.of_nat n)%Z -> 0 <= f i) -> 0 <= upto n f k).
  { induction n as [|n IH]; intros k I; simpl upto; [lra|].
    apply Rplus_le_le_0_compat; [apply I; lia|]. apply IH. intros i Hi. apply I. lia. }
  apply Q. intros i Hi. apply P. lia.
Qed.

(* A sum with numbers for bounds, one term at a time. *)
Lemma Sum_step lo hi f : (lo <= hi)%Z -> Sum lo hi f = f lo + Sum (lo + 1) hi f.
Proof.
  intro H. unfold Sum. replace (Z.to_nat (hi - lo + 1)) with (S (Z.to_nat (hi - (lo + 1) + 1))) by lia. reflexivity.
Qed.
Lemma Sum_empty lo hi f : (hi < lo)%Z -> Sum lo hi f = 0.
Proof. intro H. unfold Sum. replace (Z.to_nat (hi - lo + 1)) with 0%nat by lia. reflexivity. Qed.

(* -- the rules of differentiation ---------------------------------------------------------------- *)

Lemma d_equal (f : R -> R) (x l l' : R) : is_derive f x l -> l = l' -> is_derive f x l'.
Proof. now intros H <-. Qed.

Lemma d_constant : forall c x : R, is_derive (fun t => c) x 0.
Proof. exact is_derive_const. Qed.

Lemma d_identity : forall x : R, is_derive (fun t => t) x 1.
Proof. exact is_derive_id. Qed.

Ltac entry := intros; cbv [replace1 replace2 replace3 delta];
  repeat match goal with |- context [Z.eqb ?i ?a] => destruct (Z.eqb i a) end; simpl; rewrite ?Rmult_1_l, ?Rmult_0_l;
  first [apply d_identity | apply d_constant].

Lemma d_entry1 : forall (v : Z -> R) (a i : Z) (x : R), is_derive (fun t => replace1 v a t i) x (delta i a).
Proof. entry. Qed.
Lemma d_entry2 : forall (v : Z -> Z -> R) (a b i j : Z) (x : R),
  is_derive (fun t => replace2 v a b t i j) x (delta i a * delta j b).
Proof. entry. Qed.
Lemma d_entry3 : forall (v : Z -> Z -> Z -> R) (a b c i j k : Z) (x : R),
  is_derive (fun t => replace3 v a b c t i j k) x (delta i a * delta j b * delta k c).
Proof. entry. Qed.

Lemma d_factor : forall (c : R) (u : R -> R) (x u' : R), is_derive u x u' -> is_derive (fun t => c * u t) x (c * u').
Proof. intros. now apply is_derive_scal. Qed.
Lemma d_factor_right : forall (c : R) (u : R -> R) (x u' : R),
  is_derive u x u' -> is_derive (fun t => u t * c) x (u' * c).
Proof. intros. apply is_derive_ext with (fun t => c * u t); [intro; apply Rmult_comm|]. rewrite Rmult_comm. now apply is_derive_scal. Qed.
Lemma d_factor_over : forall (c : R) (u : R -> R) (x u' : R),
  is_derive u x u' -> is_derive (fun t => u t / c) x (u' / c).
Proof. intros. unfold Rdiv. now apply d_factor_right. Qed.
Lemma d_opposite : forall (u : R -> R) (x u' : R), is_derive u x u' -> is_derive (fun t => - u t) x (- u').
Proof. intros. now apply (is_derive_opp u). Qed.

Lemma d_sum : forall (u w : R -> R) (x u' w' : R),
  is_derive u x u' -> is_derive w x w' -> is_derive (fun t => u t + w t) x (u' + w').
Proof. exact (fun u w x u' w' => is_derive_plus u w x u' w'). Qed.
Lemma d_difference : forall (u w : R -> R) (x u' w' : R),
  is_derive u x u' -> is_derive w x w' -> is_derive (fun t => u t - w t) x (u' - w').
Proof. exact (fun u w x u' w' => is_derive_minus u w x u' w'). Qed.

Lemma d_upto n (F : R -> Z -> R) x F' lo :
  (forall i, (lo <= i < lo + Z.of_nat n)%Z -> is_derive (fun t => F t i) x (F' i)) ->
  is_derive (fun t => upto n (F t) lo) x (upto n F' lo).
Proof.
  revert lo; induction n as [|n IH]; intros lo H; simpl; [apply d_constant|].
  apply (d_sum (fun t => F t lo)); [apply H; lia|]. apply IH. intros i Hi. apply H. lia.
Qed.

Lemma d_sum_over : forall (lo hi : Z) (F : R -> Z -> R) (x : R) (F' : Z -> R),
  (forall i : Z, (lo <= i <= hi)%Z -> is_derive (fun t => F t i) x (F' i)) ->
  is_derive (fun t => Sum lo hi (fun i => F t i)) x (Sum lo hi (fun i => F' i)).
Proof. intros lo hi F x F' H. apply d_upto. intros i Hi. apply H. lia. Qed.

Lemma d_product : forall (u w : R -> R) (x u' w' : R),
  is_derive u x u' -> is_derive w x w' -> is_derive (fun t => u t * w t) x (u' * w x + u x * w').
Proof. intros u w x u' w' Hu Hw. apply (is_derive_mult u w x u' w' Hu Hw). exact Rmult_comm. Qed.

Lemma d_inverse : forall (u : R -> R) (x u' : R),
  is_derive u x u' -> u x <> 0 -> is_derive (fun t => / u t) x (- u' / u x ^ 2).
Proof. intros u x u' H N. now apply is_derive_inv. Qed.

Lemma d_quotient : forall (u w : R -> R) (x u' w' : R),
  is_derive u x u' -> is_derive w x w' -> w x <> 0 ->
  is_derive (fun t => u t / w t) x ((u' * w x - u x * w') / w x ^ 2).
Proof.
  intros u w x u' w' Hu Hw N. apply d_equal with (u' * / w x + u x * (- w' / w x ^ 2)); [|field; exact N].
  apply (d_product u (fun t => / w t)); [exact Hu | now apply d_inverse].
Qed.
Lemma d_factor_below : forall (c : R) (u : R -> R) (x u' : R),
  is_derive u x u' -> u x <> 0 -> is_derive (fun t => c / u t) x (c * (- u' / u x ^ 2)).
Proof. intros. unfold Rdiv at 1. apply d_factor. now apply d_inverse. Qed.

Lemma d_power : forall (n : nat) (u : R -> R) (x u' : R),
  is_derive u x u' -> is_derive (fun t => u t ^ S n) x (IZR (Z.of_nat (S n)) * u x ^ n * u').
Proof.
  intros n u x u' H. rewrite <- INR_IZR_INZ. apply d_equal with (INR (S n) * u' * u x ^ Nat.pred (S n)).
  - now apply is_derive_pow.
  - simpl Nat.pred. ring.
Qed.

Lemma d_chain : forall (g u : R -> R) (x g' u' : R),
  is_derive g (u x) g' -> is_derive u x u' -> is_derive (fun t => g (u t)) x (g' * u').
Proof. intros g u x g' u' Hg Hu. rewrite Rmult_comm. exact (is_derive_comp g u x g' u' Hg Hu). Qed.

Lemma d_exp : forall x : R, is_derive (fun t => exp t) x (exp x).
Proof. exact is_derive_exp. Qed.
Lemma d_ln : forall x : R, 0 < x -> is_derive (fun t => ln t) x (/ x).
Proof. exact is_derive_ln. Qed.
Lemma d_sqrt : forall x : R, 0 < x -> is_derive (fun t => sqrt t) x (/ (2 * sqrt x)).
Proof. intros x H. auto_derive; [exact H|]. apply Rmult_1_l. Qed.
Lemma d_tanh : forall x : R, is_derive (fun t => tanh t) x (1 - tanh x ^ 2).
Proof.
  intro x. assert (P : 0 < exp x + exp (- x)) by (apply Rplus_lt_0_compat; apply exp_pos).
  unfold tanh, sinh, cosh. auto_derive; [lra|]. field. lra.
Qed.
Lemma d_sinh : forall x : R, is_derive (fun t => sinh t) x (cosh x).
Proof. intro x. unfold sinh, cosh. auto_derive; [exact I|]. field. Qed.
Lemma d_cosh : forall x : R, is_derive (fun t => cosh t) x (sinh x).
Proof. intro x. unfold sinh, cosh. auto_derive; [exact I|]. field. Qed.
Lemma d_sin : forall x : R, is_derive (fun t => sin t) x (cos x).
Proof. exact is_derive_sin. Qed.
Lemma d_cos : forall x : R, is_derive (fun t => cos t) x (- sin x).
Proof. exact is_derive_cos. Qed.
Lemma d_tan : forall x : R, cos x <> 0 -> is_derive (fun t => tan t) x (1 + tan x ^ 2).
Proof. intros x N. unfold tan. auto_derive; [exact N|]. replace (1 * cos x) with (cos x) by ring. field. exact N. Qed.
Lemma d_atan : forall x : R, is_derive (fun t => atan t) x (/ (1 + x ^ 2)).
Proof. intro x. assert (0 <= x ^ 2) by apply pow2_ge_0. auto_derive; [exact I|]. unfold Rsqr. field. nra. Qed.

Lemma d_variable_power : forall (u w : R -> R) (x u' w' : R),
  is_derive u x u' -> is_derive w x w' -> 0 < u x ->
  is_derive (fun t => Rpower (u t) (w t)) x (Rpower (u x) (w x) * (w' * ln (u x) + w x * (u' / u x))).
Proof.
  intros u w x u' w' Hu Hw P. unfold Rpower. apply (d_chain exp (fun t => w t * ln (u t))).
  - apply d_exp.
  - apply (d_product w (fun t => ln (u t))); [exact Hw|].
    apply d_equal with (/ u x * u'); [|field; lra]. apply (d_chain ln); [now apply d_ln | exact Hu].
Qed.


(* -- branches, away from the kinks ------------------------------------------------------------------ *)
Lemma near_less (a b : R -> R) (x : R) : continuous a x -> continuous b x -> a x < b x -> locally x (fun t => a t < b t).
Proof.
  intros Ha Hb H.
  assert (C : continuous (fun t => minus (b t) (a t)) x) by now apply (continuous_minus b a).
  apply filter_imp with (P := fun t => 0 < minus (b t) (a t)).
  - intros t. unfold minus, plus, opp; simpl. lra.
  - apply (C (fun y => 0 < y)). apply open_gt. unfold minus, plus, opp; simpl. lra.
Qed.

Lemma d_near (f g : R -> R) (x l : R) : locally x (fun t => f t = g t) -> is_derive f x l -> is_derive g x l.
Proof. intros. now apply is_derive_ext_loc with f. Qed.

Lemma c_constant : forall c x : R, continuous (fun t => c) x.
Proof. intros. apply continuous_const. Qed.
Lemma c_opposite : forall (u : R -> R) (x : R), continuous u x -> continuous (fun t => - u t) x.
Proof. intros. now apply (continuous_opp u). Qed.
Lemma c_sum : forall (u w : R -> R) (x : R), continuous u x -> continuous w x -> continuous (fun t => u t + w t) x.
Proof. intros. now apply (continuous_plus u w). Qed.
Lemma c_difference : forall (u w : R -> R) (x : R), continuous u x -> continuous w x -> continuous (fun t => u t - w t) x.
Proof. intros. now apply (continuous_minus u w). Qed.
Lemma c_product : forall (u w : R -> R) (x : R), continuous u x -> continuous w x -> continuous (fun t => u t * w t) x.
Proof. intros. now apply (continuous_mult u w). Qed.
Lemma c_abs : forall (u : R -> R) (x : R), continuous u x -> continuous (fun t => Rabs (u t)) x.
Proof. intros. apply (continuous_comp u Rabs); [assumption | apply continuous_Rabs]. Qed.
Lemma c_chain : forall (g u : R -> R) (x : R), continuous g (u x) -> continuous u x -> continuous (fun t => g (u t)) x.
Proof. intros g u x Hg Hu. now apply (continuous_comp u g). Qed.
Lemma c_power : forall (n : nat) (u : R -> R) (x : R), continuous u x -> continuous (fun t => u t ^ S n) x.
Proof.
  intros n u x H. apply (c_chain (fun y => y ^ S n) u); [|exact H].
  apply (ex_derive_continuous (fun y => y ^ S n)). now auto_derive.
Qed.
Lemma c_quotient : forall (u w : R -> R) (x : R),
  continuous u x -> continuous w x -> w x <> 0 -> continuous (fun t => u t / w t) x.
Proof.
  intros u w x Hu Hw N. apply c_product; [exact Hu|]. apply (c_chain Rinv w); [|exact Hw].
  apply (ex_derive_continuous Rinv). now auto_derive.
Qed.
Lemma c_upto n (F : R -> Z -> R) x lo :
  (forall i, (lo <= i < lo + Z.of_nat n)%Z -> continuous (fun t => F t i) x) -> continuous (fun t => upto n (F t) lo) x.
Proof.
  revert lo; induction n as [|n IH]; intros lo H; simpl; [apply c_constant|].
  apply (c_sum (fun t => F t lo)); [apply H; lia|]. apply IH. intros i Hi. apply H. lia.
Qed.
Lemma c_sum_over : forall (lo hi : Z) (F : R -> Z -> R) (x : R),
  (forall i : Z, (lo <= i <= hi)%Z -> continuous (fun t => F t i) x) -> continuous (fun t => Sum lo hi (fun i => F t i)) x.
Proof. intros lo hi F x H. apply c_upto. intros i Hi. apply H. lia. Qed.
Lemma c_derive : forall (u : R -> R) (x u' : R), is_derive u x u' -> continuous (fun t => u t) x.
Proof. intros u x u' H. apply (ex_derive_continuous u). now exists u'. Qed.
Lemma c_max : forall (u w : R -> R) (x : R), continuous u x -> continuous w x -> continuous (fun t => Rmax (u t) (w t)) x.
Proof.
  intros u w x Hu Hw. apply continuous_ext with (fun t => (u t + w t + Rabs (u t - w t)) * / 2).
  - intro t. unfold Rmax. destruct (Rle_dec (u t) (w t)); [rewrite Rabs_left1 | rewrite Rabs_right]; lra.
  - apply c_product; [|apply c_constant]. apply c_sum; [now apply c_sum|]. apply c_abs. now apply c_difference.
Qed.
Lemma c_min : forall (u w : R -> R) (x : R), continuous u x -> continuous w x -> continuous (fun t => Rmin (u t) (w t)) x.
Proof.
  intros u w x Hu Hw. apply continuous_ext with (fun t => - Rmax (- u t) (- w t)).
  - intro t. unfold Rmax, Rmin. destruct (Rle_dec (- u t) (- w t)), (Rle_dec (u t) (w t)); lra.
  - apply c_opposite, c_max; now apply c_opposite.
Qed.

Lemma d_if : forall (a b u w : R -> R) (x u' w' : R),
  continuous a x -> continuous b x -> a x <> b x ->
  (a x < b x -> is_derive u x u') -> (b x < a x -> is_derive w x w') ->
  is_derive (fun t => if Rlt_dec (a t) (b t) then u t else w t) x (if Rlt_dec (a x) (b x) then u' else w').
Proof.
  intros a b u w x u' w' Ha Hb N Hu Hw. destruct (Rlt_dec (a x) (b x)) as [L|L].
  - apply d_near with u; [|now apply Hu]. apply filter_imp with (2 := near_less a b x Ha Hb L).
    intros t H. now destruct (Rlt_dec (a t) (b t)).
  - assert (G : b x < a x) by lra. apply d_near with w; [|now apply Hw].
    apply filter_imp with (2 := near_less b a x Hb Ha G). intros t H. destruct (Rlt_dec (a t) (b t)); [lra|reflexivity].
Qed.
Lemma d_if_at_most : forall (a b u w : R -> R) (x u' w' : R),
  continuous a x -> continuous b x -> a x <> b x ->
  (a x < b x -> is_derive u x u') -> (b x < a x -> is_derive w x w') ->
  is_derive (fun t => if Rle_dec (a t) (b t) then u t else w t) x (if Rlt_dec (a x) (b x) then u' else w').
Proof.
  intros a b u w x u' w' Ha Hb N Hu Hw. destruct (Rlt_dec (a x) (b x)) as [L|L].
  - apply d_near with u; [|now apply Hu]. apply filter_imp with (2 := near_less a b x Ha Hb L).
    intros t H. destruct (Rle_dec (a t) (b t)); [reflexivity|lra].
  - assert (G : b x < a x) by lra. apply d_near with w; [|now apply Hw].
    apply filter_imp with (2 := near_less b a x Hb Ha G). intros t H. destruct (Rle_dec (a t) (b t)); [lra|reflexivity].
Qed.
Lemma d_if_equal : forall (a b u w : R -> R) (x w' : R),
  continuous a x -> continuous b x -> a x <> b x -> is_derive w x w' ->
  is_derive (fun t => if Req_EM_T (a t) (b t) then u t else w t) x w'.
Proof.
  intros a b u w x w' Ha Hb N Hw. apply d_near with w; [|exact Hw].
  destruct (Rtotal_order (a x) (b x)) as [L|[L|L]]; [|easy|].
  - apply filter_imp with (2 := near_less a b x Ha Hb L). intros t H. destruct (Req_EM_T (a t) (b t)); [lra|reflexivity].
  - apply filter_imp with (2 := near_less b a x Hb Ha L). intros t H. destruct (Req_EM_T (a t) (b t)); [lra|reflexivity].
Qed.
(* A test that does not change with the variable. *)
Lemma d_if_fixed : forall (a b : R) (u w : R -> R) (x u' w' : R),
  (a < b -> is_derive u x u') -> (b <= a -> is_derive w x w') ->
  is_derive (fun t => if Rlt_dec a b then u t else w t) x (if Rlt_dec a b then u' else w').
Proof. intros a b u w x u' w' Hu Hw. destruct (Rlt_dec a b); [now apply Hu | apply Hw; lra]. Qed.
Lemma d_if_at_most_fixed : forall (a b : R) (u w : R -> R) (x u' w' : R),
  (a <= b -> is_derive u x u') -> (b < a -> is_derive w x w') ->
  is_derive (fun t => if Rle_dec a b then u t else w t) x (if Rle_dec a b then u' else w').
Proof. intros a b u w x u' w' Hu Hw. destruct (Rle_dec a b); [now apply Hu | apply Hw; lra]. Qed.
Lemma d_if_equal_fixed : forall (a b : R) (u w : R -> R) (x u' w' : R),
  (a = b -> is_derive u x u') -> (a <> b -> is_derive w x w') ->
  is_derive (fun t => if Req_EM_T a b then u t else w t) x (if Req_EM_T a b then u' else w').
Proof. intros a b u w x u' w' Hu Hw. destruct (Req_EM_T a b); [now apply Hu | now apply Hw]. Qed.

Lemma d_max : forall (u w : R -> R) (x u' w' : R),
  continuous u x -> continuous w x -> u x <> w x ->
  (w x < u x -> is_derive u x u') -> (u x < w x -> is_derive w x w') ->
  is_derive (fun t => Rmax (u t) (w t)) x (if Rlt_dec (w x) (u x) then u' else w').
Proof.
  intros u w x u' w' Hu Hw N Du Dw. apply is_derive_ext with (fun t => if Rlt_dec (w t) (u t) then u t else w t).
  - intro t. unfold Rmax. destruct (Rle_dec (u t) (w t)), (Rlt_dec (w t) (u t)); lra.
  - apply d_if; auto.
Qed.
Lemma d_min : forall (u w : R -> R) (x u' w' : R),
  continuous u x -> continuous w x -> u x <> w x ->
  (u x < w x -> is_derive u x u') -> (w x < u x -> is_derive w x w') ->
  is_derive (fun t => Rmin (u t) (w t)) x (if Rlt_dec (u x) (w x) then u' else w').
Proof.
  intros u w x u' w' Hu Hw N Du Dw. apply is_derive_ext with (fun t => if Rlt_dec (u t) (w t) then u t else w t).
  - intro t. unfold Rmin. destruct (Rle_dec (u t) (w t)), (Rlt_dec (u t) (w t)); lra.
  - apply d_if; auto.
Qed.
Lemma d_sign : forall (u : R -> R) (x : R), continuous u x -> u x <> 0 -> is_derive (fun t => sign (u t)) x 0.
Proof.
  intros u x Hu N. destruct (Rtotal_order (u x) 0) as [L|[L|L]]; [|easy|].
  - apply d_near with (fun _ => -1); [|apply d_constant].
    apply filter_imp with (2 := near_less u (fun _ => 0) x Hu (c_constant 0 x) L). intros t H. symmetry. now apply sign_eq_m1.
  - apply d_near with (fun _ => 1); [|apply d_constant].
    apply filter_imp with (2 := near_less (fun _ => 0) u x (c_constant 0 x) Hu L). intros t H. symmetry. now apply sign_eq_1.
Qed.

(* What is smaller than a function with slope 0, where both are 0, has slope 0. *)
Lemma d_smaller (f g : R -> R) (x : R) :
  (forall t, Rabs (g t) <= Rabs (f t)) -> f x = 0 -> is_derive f x 0 -> is_derive g x 0.
Proof.
  intros B Z D. assert (Zg : g x = 0).
  { specialize (B x). rewrite Z, Rabs_R0 in B. pose proof (Rabs_pos (g x)). now apply Rabs_eq_0, Rle_antisym. }
  apply is_derive_Reals. apply is_derive_Reals in D. intros eps P. destruct (D eps P) as [d H]. exists d. intros h N S.
  specialize (H h N S). rewrite Z, Rminus_0_r, Rminus_0_r in H. rewrite Zg, Rminus_0_r, Rminus_0_r.
  unfold Rdiv in *. rewrite Rabs_mult in *.
  apply Rle_lt_trans with (Rabs (f (x + h)) * Rabs (/ h)); [|exact H].
  apply Rmult_le_compat_r; [apply Rabs_pos | apply B].
Qed.

Lemma d_abs : forall (u : R -> R) (x u' : R),
  is_derive u x u' -> (u' <> 0 -> u x <> 0) -> is_derive (fun t => Rabs (u t)) x (sign (u x) * u').
Proof.
  intros u x u' H N. destruct (Req_dec (u x) 0) as [E|E]; [|now apply is_derive_Rabs].
  destruct (Req_dec u' 0) as [E'|E']; [|exfalso; exact (N E' E)]. rewrite E', Rmult_0_r in *.
  apply d_smaller with u; [|exact E | exact H]. intro t. rewrite Rabs_Rabsolu. apply Rle_refl.
Qed.
Lemma d_max_smooth : forall (u w : R -> R) (x u' w' : R),
  is_derive u x u' -> is_derive w x w' -> (u' - w' <> 0 -> u x <> w x) ->
  is_derive (fun t => Rmax (u t) (w t)) x (if Rlt_dec (w x) (u x) then u' else w').
Proof.
  intros u w x u' w' Hu Hw N.
  apply is_derive_ext with (fun t => (u t + w t + Rabs (u t - w t)) / 2).
  - intro t. unfold Rmax. destruct (Rle_dec (u t) (w t)); [rewrite Rabs_left1 | rewrite Rabs_right]; lra.
  - apply d_equal with ((u' + w' + sign (u x - w x) * (u' - w')) / 2).
    + apply d_factor_over. apply (d_sum (fun t => u t + w t)); [now apply d_sum|].
      apply (d_abs (fun t => u t - w t)); [now apply d_difference|]. intros D E. apply (N D). lra.
    + destruct (Rlt_dec (w x) (u x)) as [L|L].
      * rewrite sign_eq_1 by lra. field.
      * destruct (Req_dec (u x) (w x)) as [E|E].
        -- destruct (Req_dec (u' - w') 0) as [D|D]; [|exfalso; exact (N D E)]. replace u' with w' by lra. field_simplify. lra.
        -- rewrite sign_eq_m1 by lra. field.
Qed.
Lemma d_min_smooth : forall (u w : R -> R) (x u' w' : R),
  is_derive u x u' -> is_derive w x w' -> (u' - w' <> 0 -> u x <> w x) ->
  is_derive (fun t => Rmin (u t) (w t)) x (if Rlt_dec (u x) (w x) then u' else w').
Proof.
  intros u w x u' w' Hu Hw N. apply is_derive_ext with (fun t => - Rmax (- u t) (- w t)).
  - intro t. unfold Rmax, Rmin. destruct (Rle_dec (- u t) (- w t)), (Rle_dec (u t) (w t)); lra.
  - apply d_equal with (- (if Rlt_dec (- w x) (- u x) then - u' else - w')).
    + apply (d_opposite (fun t => Rmax (- u t) (- w t))).
      apply (d_max_smooth (fun t => - u t) (fun t => - w t)); [now apply d_opposite | now apply d_opposite|]. intros D E. apply N; lra.
    + destruct (Rlt_dec (- w x) (- u x)), (Rlt_dec (u x) (w x)); lra.
Qed.
(* The square of a positive part has a slope everywhere. *)
Lemma d_square_max_smooth : forall (w : R -> R) (x w' : R),
  is_derive w x w' -> is_derive (fun t => Rmax 0 (w t) ^ 2) x (2 * Rmax 0 (w x) * w').
Proof.
  intros w x w' H. destruct (Req_dec (w x) 0) as [E|E].
  - rewrite E, Rmax_left, Rmult_0_r, Rmult_0_l by lra.
    apply d_smaller with (fun t => w t ^ 2); [|rewrite E; ring|].
    + intro t. unfold Rmax. destruct (Rle_dec 0 (w t)); [apply Rle_refl|].
      replace (0 ^ 2) with 0 by ring. rewrite Rabs_R0. apply Rabs_pos.
    + eapply d_equal; [apply (d_power 1 w); exact H|]. rewrite E. simpl. ring.
  - eapply d_equal.
    + apply (d_power 1 (fun t => Rmax 0 (w t))). apply (d_max_smooth (fun _ => 0) w); [apply d_constant | exact H | intros _; lra].
    + unfold Rmax. destruct (Rlt_dec (w x) 0), (Rle_dec 0 (w x)); simpl; try lra; ring.
Qed.

(* Where both branches have one value and one slope, there is no kink. *)
Lemma d_either (u w f : R -> R) (x l : R) :
  (forall t, f t = u t \/ f t = w t) -> u x = w x -> is_derive u x l -> is_derive w x l -> is_derive f x l.
Proof.
  intros F V Du Dw. apply is_derive_Reals in Du. apply is_derive_Reals in Dw. apply is_derive_Reals. intros eps P.
  destruct (Du eps P) as [d H]. destruct (Dw eps P) as [e K].
  assert (M : 0 < Rmin d e) by (apply Rmin_pos; apply cond_pos). exists (mkposreal _ M). intros h N S. simpl in S.
  assert (Sd : Rabs h < d) by (eapply Rlt_le_trans; [exact S | apply Rmin_l]).
  assert (Se : Rabs h < e) by (eapply Rlt_le_trans; [exact S | apply Rmin_r]).
  assert (X : f x = u x) by (destruct (F x); congruence). rewrite X.
  destruct (F (x + h)) as [->| ->]; [now apply H|]. rewrite V. now apply K.
Qed.
Lemma d_if_at_most_even : forall (a b u w : R -> R) (x u' w' : R),
  continuous a x -> continuous b x -> (a x <= b x -> is_derive u x u') -> (b x <= a x -> is_derive w x w') ->
  (a x = b x -> u x = w x) -> (a x = b x -> u' = w') ->
  is_derive (fun t => if Rle_dec (a t) (b t) then u t else w t) x (if Rlt_dec (a x) (b x) then u' else w').
Proof.
  intros a b u w x u' w' Ha Hb Hu Hw V S. destruct (Rtotal_order (a x) (b x)) as [L|[E|L]].
  - apply (d_if_at_most a b u w x u' w' Ha Hb); [lra | intro; apply Hu; lra | intro; apply Hw; lra].
  - destruct (Rlt_dec (a x) (b x)) as [L|_]; [lra|].
    apply d_either with u w; [|now apply V | |apply Hw; lra].
    + intro t. destruct (Rle_dec (a t) (b t)); [now left | now right].
    + rewrite <- (S E). apply Hu. lra.
  - apply (d_if_at_most a b u w x u' w' Ha Hb); [lra | intro; apply Hu; lra | intro; apply Hw; lra].
Qed.
Lemma d_if_even : forall (a b u w : R -> R) (x u' w' : R),
  continuous a x -> continuous b x -> (a x <= b x -> is_derive u x u') -> (b x <= a x -> is_derive w x w') ->
  (a x = b x -> u x = w x) -> (a x = b x -> u' = w') ->
  is_derive (fun t => if Rlt_dec (a t) (b t) then u t else w t) x (if Rlt_dec (a x) (b x) then u' else w').
Proof.
  intros a b u w x u' w' Ha Hb Hu Hw V S. destruct (Rtotal_order (a x) (b x)) as [L|[E|L]].
  - apply (d_if a b u w x u' w' Ha Hb); [lra | intro; apply Hu; lra | intro; apply Hw; lra].
  - destruct (Rlt_dec (a x) (b x)) as [L|_]; [lra|].
    apply d_either with u w; [|now apply V | |apply Hw; lra].
    + intro t. destruct (Rlt_dec (a t) (b t)); [now left | now right].
    + rewrite <- (S E). apply Hu. lra.
  - apply (d_if a b u w x u' w' Ha Hb); [lra | intro; apply Hu; lra | intro; apply Hw; lra].
Qed.

(* -- functions that Coq's library has not ------------------------------------------------------------ *)
Lemma d_erf : forall x : R, is_derive (fun t => erf t) x (2 * exp (- x ^ 2) / sqrt PI).
Proof.
  intro x. unfold erf. apply d_equal with (2 / sqrt PI * exp (- x ^ 2)); [|unfold Rdiv; ring].
  apply d_factor. apply (is_derive_RInt (fun t => exp (- t ^ 2)) _ 0).
  - apply filter_forall. intro y. apply (@RInt_correct R_CompleteNormedModule).
    apply (@ex_RInt_continuous R_CompleteNormedModule). intros z _. apply (ex_derive_continuous (fun t => exp (- t ^ 2))). now auto_derive.
  - apply (ex_derive_continuous (fun t => exp (- t ^ 2))). now auto_derive.
Qed.
Lemma d_erfc : forall x : R, is_derive (fun t => erfc t) x (- (2 * exp (- x ^ 2) / sqrt PI)).
Proof. intro x. unfold erfc. apply d_equal with (0 - 2 * exp (- x ^ 2) / sqrt PI); [|ring]. apply (d_difference (fun _ => 1)); [apply d_constant | apply d_erf]. Qed.


Lemma cosh_positive x : 0 < cosh x.
Proof. unfold cosh. apply Rmult_lt_0_compat; [apply Rplus_lt_0_compat; apply exp_pos | lra]. Qed.
Lemma hyperbolic x : cosh x ^ 2 = 1 + sinh x ^ 2.
Proof. unfold cosh, sinh. rewrite exp_Ropp. field. apply not_eq_sym, Rlt_not_eq, exp_pos. Qed.
Lemma sinh_zero x : x <> 0 -> sinh x <> 0.
Proof.
  intros N. unfold sinh. intro E. assert (H : exp x = exp (- x)) by lra. apply exp_inv in H. lra.
Qed.
Lemma d_coth : forall x : R, x <> 0 -> is_derive (fun t => coth t) x (1 - coth x ^ 2).
Proof.
  intros x N. assert (S := sinh_zero x N). unfold coth. eapply d_equal.
  - apply (d_quotient cosh sinh); [apply d_cosh | apply d_sinh | exact S].
  - field. exact S.
Qed.
Lemma d_sech : forall x : R, is_derive (fun t => sech t) x (- sech x * tanh x).
Proof.
  intro x. assert (P := cosh_positive x). unfold sech, tanh. eapply d_equal.
  - apply (d_inverse cosh); [apply d_cosh | lra].
  - field. lra.
Qed.
Lemma d_csch : forall x : R, x <> 0 -> is_derive (fun t => csch t) x (- csch x * coth x).
Proof.
  intros x N. assert (S := sinh_zero x N). unfold csch, coth. eapply d_equal.
  - apply (d_inverse sinh); [apply d_sinh | exact S].
  - field. exact S.
Qed.
Lemma d_asin : forall x : R, 0 < 1 - x ^ 2 -> is_derive (fun t => asin t) x (/ sqrt (1 - x ^ 2)).
Proof.
  intros x H. apply is_derive_Reals. replace (/ sqrt (1 - x ^ 2)) with (1 / sqrt (1 - x²)).
  - assert (D : -1 < x < 1) by nra. exact (derive_pt_eq_1 asin x _ (derivable_pt_asin x D) (derive_pt_asin x D)).
  - unfold Rsqr. replace (x * x) with (x ^ 2) by ring. apply Rmult_1_l.
Qed.
Lemma d_acos : forall x : R, 0 < 1 - x ^ 2 -> is_derive (fun t => acos t) x (- / sqrt (1 - x ^ 2)).
Proof.
  intros x H. apply is_derive_Reals. replace (- / sqrt (1 - x ^ 2)) with (-1 / sqrt (1 - x²)).
  - assert (D : -1 < x < 1) by nra. exact (derive_pt_eq_1 acos x _ (derivable_pt_acos x D) (derive_pt_acos x D)).
  - unfold Rsqr. replace (x * x) with (x ^ 2) by ring. unfold Rdiv. ring.
Qed.
Lemma d_arcsinh : forall x : R, is_derive (fun t => arcsinh t) x (/ sqrt (x ^ 2 + 1)).
Proof. intro x. apply is_derive_Reals. apply derivable_pt_lim_arcsinh. Qed.
Lemma d_acosh : forall x : R, 0 < x - 1 -> is_derive (fun t => acosh t) x (/ (sqrt (x - 1) * sqrt (x + 1))).
Proof.
  intros x H. unfold acosh.
  assert (A : 0 < sqrt (x - 1)) by (apply sqrt_lt_R0; lra). assert (B : 0 < sqrt (x + 1)) by (apply sqrt_lt_R0; lra).
  assert (C : 0 < sqrt (x - 1) * sqrt (x + 1)) by now apply Rmult_lt_0_compat.
  assert (A2 : sqrt (x - 1) * sqrt (x - 1) = x - 1) by (apply sqrt_sqrt; lra).
  assert (B2 : sqrt (x + 1) * sqrt (x + 1) = x + 1) by (apply sqrt_sqrt; lra).
  set (p := sqrt (x - 1)) in *. set (q := sqrt (x + 1)) in *.
  assert (R' : forall c, 0 < x + c -> is_derive (fun t => sqrt (t + c)) x (1 / (2 * sqrt (x + c)))).
  { intros c P. auto_derive; [exact P | reflexivity]. }
  apply d_equal with (/ (x + p * q) * (1 + (1 / (2 * p) * q + p * (1 / (2 * q))))).
  - apply (d_chain ln (fun t => t + sqrt (t - 1) * sqrt (t + 1))); [apply d_ln; fold p q; lra|].
    apply d_sum; [apply d_identity|]. apply (d_product (fun t => sqrt (t - 1)) (fun t => sqrt (t + 1))).
    + apply (R' (- (1))). lra.
    + apply R'. lra.
  - replace x with ((p * p + q * q) / 2) by lra. field. repeat split; nra.
Qed.
Lemma d_atanh : forall x : R, 0 < 1 - x ^ 2 -> is_derive (fun t => atanh t) x (/ (1 - x ^ 2)).
Proof.
  intros x H. assert (-1 < x < 1) by nra. unfold atanh.
  auto_derive.
  - repeat split; [lra|]. apply Rmult_lt_0_compat; [lra|]. apply Rinv_0_lt_compat. lra.
  - field. repeat split; nra.
Qed.

(* -- orders of remainders: a derivative at a time ------------------------------------------------- *)

(* A function that is zero at zero, and has a derivative there, is O(x). *)
Lemma order_start : forall (f : R -> R) (l : R), is_derive f 0 l -> f 0 = 0 -> bigO 1 f.
Proof.
  intros f l D Z. destruct (proj1 (is_derive_Reals f 0 l) D 1 Rlt_0_1) as [d H].
  exists (Rabs l + 1), d. split; [apply cond_pos|]. intros x B. destruct (Req_EM_T x 0) as [->|N].
  - rewrite Z, Rabs_R0. lra.
  - specialize (H x N B). rewrite Rplus_0_l, Z, Rminus_0_r in H.
    replace (f x) with (f x / x * x) by (field; exact N). rewrite Rabs_mult, pow_1.
    apply Rmult_le_compat_r; [apply Rabs_pos|]. replace (f x / x) with ((f x / x - l) + l) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

(* The mean value theorem, with nothing but the size of what lies between. *)
Lemma between (f g : R -> R) (x : R) :
  (forall t : R, is_derive f t (g t)) -> exists c : R, Rabs c <= Rabs x /\ f x = f 0 + g c * x.
Proof.
  intro D. destruct (MVT_gen f 0 x g) as (c & I & E).
  - intros y _. apply D.
  - intros y _. apply derivable_continuous_pt. exists (g y). now apply is_derive_Reals.
  - exists c. split; [|lra]. revert I. unfold Rmin, Rmax.
    destruct (Rle_dec 0 x); intros [I J]; [rewrite !Rabs_pos_eq | rewrite !Rabs_left1]; lra.
Qed.

(* If its derivative is O(x^n), it is O(x^(n + 1)). *)
Lemma order_next : forall (n : nat) (f g : R -> R),
  (forall x : R, is_derive f x (g x)) -> f 0 = 0 -> bigO n g -> bigO (S n) f.
Proof.
  intros n f g D Z (C & d & P & H). exists (Rabs C), d. split; [exact P|]. intros x B.
  destruct (between f g x D) as (c & K & ->). rewrite Z, Rplus_0_l, Rabs_mult. simpl pow.
  rewrite (Rmult_comm (Rabs x)), <- Rmult_assoc. apply Rmult_le_compat_r; [apply Rabs_pos|].
  apply Rle_trans with (1 := H c (Rle_lt_trans _ _ _ K B)). apply Rle_trans with (Rabs C * Rabs c ^ n).
  - apply Rmult_le_compat_r; [apply pow_le, Rabs_pos | apply RRle_abs].
  - apply Rmult_le_compat_l; [apply Rabs_pos | apply pow_incr; split; [apply Rabs_pos | exact K]].
Qed.

(* The same with two steps: along the second, where the first is zero, then along the first. *)
Lemma order2_next : forall (n : nat) (f fx : R -> R -> R),
  (forall x y : R, is_derive (fun t => f t y) x (fx x y)) -> bigO (S n) (fun y => f 0 y) -> bigO2 n fx -> bigO2 (S n) f.
Proof.
  intros n f fx D (B & b & Q & K) (A & a & P & H). exists (Rabs A + Rabs B), (Rmin a b).
  split; [now apply Rmin_glb_lt|]. intros x y X Y. set (m := Rmax (Rabs x) (Rabs y)).
  assert (Mx : Rabs x <= m) by apply Rmax_l. assert (My : Rabs y <= m) by apply Rmax_r.
  assert (La := Rmin_l a b). assert (Lb := Rmin_r a b). assert (W : 0 <= m) by (assert (R' := Rabs_pos x); lra).
  destruct (between (fun t => f t y) (fun t => fx t y) x (fun t => D t y)) as (c & Kc & ->).
  rewrite Rplus_comm. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rmult_plus_distr_r. apply Rplus_le_compat.
  - rewrite Rabs_mult. simpl pow. rewrite (Rmult_comm m), <- Rmult_assoc.
    apply Rmult_le_compat; try apply Rabs_pos; [|exact Mx]. apply Rle_trans with (1 := H c y ltac:(lra) ltac:(lra)).
    apply Rle_trans with (Rabs A * Rmax (Rabs c) (Rabs y) ^ n).
    + apply Rmult_le_compat_r; [apply pow_le; eapply Rle_trans; [apply Rabs_pos | apply Rmax_l] | apply RRle_abs].
    + apply Rmult_le_compat_l; [apply Rabs_pos|]. apply pow_incr.
      split; [eapply Rle_trans; [apply Rabs_pos | apply Rmax_l]|]. apply Rmax_lub; lra.
  - apply Rle_trans with (1 := K y ltac:(lra)). apply Rle_trans with (Rabs B * Rabs y ^ S n).
    + apply Rmult_le_compat_r; [apply pow_le, Rabs_pos | apply RRle_abs].
    + apply Rmult_le_compat_l; [apply Rabs_pos|]. apply pow_incr. split; [apply Rabs_pos | exact My].
Qed.

(* Along the first step, and along the second. *)
Lemma order2_first : forall (n : nat) (f : R -> R -> R), bigO2 n f -> bigO n (fun t => f t 0).
Proof.
  intros n f (C & d & P & H). exists C, d. split; [exact P|]. intros x X. specialize (H x 0 X).
  rewrite Rabs_R0, Rmax_left in H by apply Rabs_pos. now apply H.
Qed.
Lemma order2_second : forall (n : nat) (f : R -> R -> R), bigO2 n f -> bigO n (fun t => f 0 t).
Proof.
  intros n f (C & d & P & H). exists C, d. split; [exact P|]. intros x X. specialize (H 0 x).
  rewrite Rabs_R0, Rmax_right in H by apply Rabs_pos. now apply H.
Qed.

(* What is bounded near zero. *)
Lemma bounded_constant : forall c : R, bigO2 0 (fun x y => c).
Proof. intro c. exists (Rabs c), 1. split; [lra|]. intros. simpl pow. lra. Qed.
Lemma bounded_first : bigO2 0 (fun x y => x).
Proof. exists 1, 1. split; [lra|]. intros. simpl pow. lra. Qed.
Lemma bounded_second : bigO2 0 (fun x y => y).
Proof. exists 1, 1. split; [lra|]. intros. simpl pow. lra. Qed.
Lemma bounded_sum : forall f g : R -> R -> R, bigO2 0 f -> bigO2 0 g -> bigO2 0 (fun x y => f x y + g x y).
Proof.
  intros f g (A & a & P & H) (B & b & Q & K). exists (A + B), (Rmin a b). split; [now apply Rmin_glb_lt|]. intros x y X Y.
  assert (La := Rmin_l a b). assert (Lb := Rmin_r a b). specialize (H x y ltac:(lra) ltac:(lra)).
  specialize (K x y ltac:(lra) ltac:(lra)). simpl pow in *. eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.
Lemma bounded_product : forall f g : R -> R -> R, bigO2 0 f -> bigO2 0 g -> bigO2 0 (fun x y => f x y * g x y).
Proof.
  intros f g (A & a & P & H) (B & b & Q & K). exists (A * B), (Rmin a b). split; [now apply Rmin_glb_lt|]. intros x y X Y.
  assert (La := Rmin_l a b). assert (Lb := Rmin_r a b). specialize (H x y ltac:(lra) ltac:(lra)).
  specialize (K x y ltac:(lra) ltac:(lra)). simpl pow in *. rewrite Rabs_mult, !Rmult_1_r in *.
  apply Rmult_le_compat; try apply Rabs_pos; assumption.
Qed.
Lemma bounded_opposite : forall f : R -> R -> R, bigO2 0 f -> bigO2 0 (fun x y => - f x y).
Proof. intros f (A & a & P & H). exists A, a. split; [exact P|]. intros. rewrite Rabs_Ropp. now apply H. Qed.
Lemma bounded_difference : forall f g : R -> R -> R, bigO2 0 f -> bigO2 0 g -> bigO2 0 (fun x y => f x y - g x y).
Proof. intros f g F G. apply (bounded_sum f (fun x y => - g x y) F). now apply bounded_opposite. Qed.
Lemma bounded_power : forall (n : nat) (f : R -> R -> R), bigO2 0 f -> bigO2 0 (fun x y => f x y ^ n).
Proof.
  intros n f F. induction n as [|n IH]; [exact (bounded_constant 1)|]. exact (bounded_product f (fun x y => f x y ^ n) F IH).
Qed.

(* A polynomial is bounded near zero. *)
Ltac bounded :=
  first [ apply bounded_first | apply bounded_second | apply bounded_constant
        | apply bounded_sum; bounded | apply bounded_difference; bounded | apply bounded_product; bounded
        | apply bounded_opposite; bounded | apply bounded_power; bounded ].

(* From zero on, f is at least c x^n, or at most, as c is positive or negative. *)
Definition leads (n : nat) (f : R -> R) : Prop :=
  exists c d : R, c <> 0 /\ 0 < d /\ forall x : R, 0 <= x < d -> c ^ 2 * x ^ n <= c * f x.

Lemma lead_start : forall (f : R -> R) (l : R), is_derive f 0 l -> f 0 = 0 -> l <> 0 -> leads 1 f.
Proof.
  intros f l D Z N. assert (A := Rabs_pos_lt l N).
  destruct (proj1 (is_derive_Reals f 0 l) D (Rabs l / 2) ltac:(lra)) as [d H].
  exists (l / 2), d. split; [lra|]. split; [apply cond_pos|]. intros x B. destruct (Req_EM_T x 0) as [->|K]; [rewrite Z; lra|].
  specialize (H x K ltac:(rewrite Rabs_pos_eq; lra)). rewrite Rplus_0_l, Z, Rminus_0_r in H.
  apply Rabs_def2 in H. rewrite pow_1. replace (f x) with (f x / x * x) by (field; lra). set (q := f x / x) in *.
  destruct (Rlt_le_dec 0 l) as [P|P]; [rewrite (Rabs_pos_eq l) in H by lra | rewrite (Rabs_left1 l) in H by lra].
  - assert (0 <= l / 2 * x * (q - l / 2)) by (repeat apply Rmult_le_pos; lra). nra.
  - assert (0 <= - l / 2 * x * (l / 2 - q)) by (repeat apply Rmult_le_pos; lra). nra.
Qed.

Lemma lead_next : forall (n : nat) (f g : R -> R),
  (forall x : R, is_derive f x (g x)) -> f 0 = 0 -> leads n g -> leads (S n) f.
Proof.
  intros n f g D Z (c & d & N & P & H). set (m := INR (S n)). assert (M : 0 < m) by apply lt_0_INR, Nat.lt_0_succ.
  exists (c / m), d. split; [apply Rmult_integral_contrapositive_currified; [exact N | apply Rinv_neq_0_compat; lra]|].
  split; [exact P|]. intros x B. set (h := fun y => c * f y - c ^ 2 / m * y ^ S n).
  assert (E : forall y, is_derive h y (c * g y - c ^ 2 * y ^ n)).
  { intro y. apply (is_derive_minus (fun y => c * f y) (fun y => c ^ 2 / m * y ^ S n)); [apply is_derive_scal, D|].
    replace (c ^ 2 * y ^ n) with (c ^ 2 / m * (m * 1 * y ^ n)) by (field; lra).
    apply is_derive_scal. exact (is_derive_pow (fun y => y) (S n) y 1 (is_derive_id y)). }
  destruct (MVT_gen h 0 x (fun y => c * g y - c ^ 2 * y ^ n)) as (y & I & K).
  - intros y _. apply E.
  - intros y _. apply derivable_continuous_pt. eexists. apply is_derive_Reals, E.
  - rewrite Rmin_left, Rmax_right in I by lra. assert (J := H y ltac:(lra)).
    assert (L : 0 <= h x).
    { replace (h x) with (h x - h 0) by (unfold h; rewrite Z; simpl pow; ring). rewrite K. apply Rmult_le_pos; lra. }
    unfold h in L. replace ((c / m) ^ 2 * x ^ S n) with (/ m * (c ^ 2 / m * x ^ S n)) by (field; lra).
    replace (c / m * f x) with (/ m * (c * f x)) by (field; lra).
    apply Rmult_le_compat_l; [apply Rlt_le, Rinv_0_lt_compat; exact M | lra].
Qed.

(* So it is no O(x^m) for an m that is larger. *)
Lemma lead_no_more : forall (n m : nat) (f : R -> R), leads n f -> (n < m)%nat -> ~ bigO m f.
Proof.
  intros n m f (c & d & N & P & H) L (C & e & Q & K).
  set (b := Rabs C + 1). assert (B : 0 < b) by (unfold b; assert (X := Rabs_pos C); lra).
  assert (A := Rabs_pos_lt c N). assert (q : 0 < Rabs c / b) by now apply Rdiv_lt_0_compat.
  set (r := Rabs c / b) in *. set (s := Rmin (Rmin d e) (Rmin 1 r)).
  assert (M : 0 < s /\ s <= d /\ s <= e /\ s <= 1 /\ s <= r) by (unfold s, Rmin; repeat destruct Rle_dec; lra).
  set (x := s / 2). assert (X : 0 < x) by (unfold x; lra). assert (Y : x < s) by (unfold x; lra).
  specialize (H x ltac:(lra)). specialize (K x ltac:(rewrite Rabs_pos_eq; lra)). rewrite (Rabs_pos_eq x) in K by lra.
  assert (W : x ^ m <= x * x ^ n).
  { replace m with (S n + (m - S n))%nat by lia. rewrite pow_add. simpl pow.
    assert (x ^ (m - S n) <= 1) by (rewrite <- (pow1 (m - S n)); apply pow_incr; lra).
    assert (0 < x ^ n) by now apply pow_lt. assert (0 < x * x ^ n) by now apply Rmult_lt_0_compat. nra. }
  assert (T : 0 < x ^ n) by now apply pow_lt. assert (U : c ^ 2 * x ^ n <= Rabs c * (Rabs C * (x * x ^ n))).
  { apply Rle_trans with (1 := H). apply Rle_trans with (1 := RRle_abs _). rewrite Rabs_mult.
    apply Rmult_le_compat_l; [lra|]. apply Rle_trans with (1 := K). apply Rle_trans with (Rabs C * x ^ m).
    - apply Rmult_le_compat_r; [apply pow_le; lra | apply RRle_abs].
    - apply Rmult_le_compat_l; [apply Rabs_pos | exact W]. }
  rewrite <- (pow2_abs c) in U.
  assert (V : Rabs c <= Rabs C * x) by (apply Rmult_le_reg_r with (Rabs c * x ^ n); [now apply Rmult_lt_0_compat | lra]).
  assert (O : b * x < Rabs c).
  { replace (Rabs c) with (b * r) by (unfold r; field; lra). apply Rmult_lt_compat_l; lra. }
  unfold b in O. lra.
Qed.

(* -- squares under roots ----------------------------------------------------------------------------- *)

Lemma root_out : forall c p q : R, 0 <= c -> q = c ^ 2 * p -> sqrt q = c * sqrt p.
Proof. intros c p q H E. rewrite E, sqrt_mult_alt by apply pow2_ge_0. now rewrite sqrt_pow2. Qed.

Lemma root_positive : forall c p q : R, q = c ^ 2 * p -> 0 < q -> 0 < p.
Proof. intros c p q E H. assert (S := pow2_ge_0 c). nra. Qed.

Lemma root_nonzero : forall q : R, sqrt q <> 0 -> 0 < q.
Proof. intros q H. apply Rnot_le_lt. intro N. apply H. now apply sqrt_neg_0. Qed.

(* -- tactics that certificates use ----------------------------------------------------------------- *)

Lemma exp_power : forall (x : R) (n : nat), exp x ^ n = exp (IZR (Z.of_nat n) * x).
Proof.
  intros x n. rewrite <- INR_IZR_INZ. induction n as [|n IH]; simpl pow.
  - now rewrite Rmult_0_l, exp_0.
  - rewrite IH, <- exp_plus, S_INR. f_equal. ring.
Qed.

Lemma above : forall a b : R, 0 < a / b -> a <> 0.
Proof. intros a b H E. rewrite E in H. unfold Rdiv in H. rewrite Rmult_0_l in H. lra. Qed.

(* What a hypothesis says, for the indices and in the case at hand. *)
Ltac given := match goal with H : _ |- _ => solve [apply H; first [assumption | lia | lra]] end.

(* What is positive by its form, or by a hypothesis. *)
Ltac positive :=
  lazymatch goal with
  | |- 0 < exp _ => apply exp_pos
  | |- 0 < cosh _ => unfold cosh; apply Rmult_lt_0_compat; [apply Rplus_lt_0_compat; apply exp_pos | lra]
  | |- 0 < PI => apply PI_RGT_0
  | |- 0 < Rpower _ _ => apply exp_pos
  | |- 0 < IZR _ => apply IZR_lt; lia
  | |- 0 < _ => first
    [ assumption
    | match goal with H : _ |- _ => apply H; lia end
    | lazymatch goal with
      | |- 0 < _ * _ => apply Rmult_lt_0_compat; positive
      | |- 0 < _ / _ => apply Rdiv_lt_0_compat; positive
      | |- 0 < / _ => apply Rinv_0_lt_compat; positive
      | |- 0 < _ ^ _ => first [apply pow_lt; positive | apply pow2_gt_0; side]
      | |- 0 < sqrt _ => apply sqrt_lt_R0; positive
      | |- 0 < Sum _ _ _ => apply sum_positive; [lia | intros; positive]
      | |- 0 < _ + _ => first [apply Rplus_lt_0_compat; positive | apply Rplus_lt_le_0_compat; [positive|nonnegative]
                              | apply Rplus_le_lt_0_compat; [nonnegative|positive]]
      | |- 0 < Rabs _ => apply Rabs_pos_lt; side
      | _ => lra
      end ]
  end
with nonnegative :=
  lazymatch goal with
  | |- 0 <= _ ^ 2 => apply pow2_ge_0
  | |- 0 <= sqrt _ => apply sqrt_pos
  | |- 0 <= Rabs _ => apply Rabs_pos
  | |- 0 <= Sum _ _ _ => apply sum_nonnegative; intros; nonnegative
  | |- 0 <= _ => first
    [ assumption
    | match goal with H : _ |- _ => apply H; lia end
    | apply Rlt_le; positive
    | lazymatch goal with
      | |- 0 <= _ * _ => apply Rmult_le_pos; nonnegative
      | |- 0 <= _ + _ => apply Rplus_le_le_0_compat; nonnegative
      | |- 0 <= _ / _ => apply Rmult_le_pos; [nonnegative | apply Rlt_le, Rinv_0_lt_compat; positive]
      | _ => lra
      end ]
  end
with side :=
  cbv beta;
  lazymatch goal with
  | |- _ /\ _ => split; side
  | |- forall _ : Z, _ => intro; side
  | |- (_ <= _ <= _)%Z -> _ => intro; side
  | |- forall _ : _ < _, _ => intro; side
  | |- forall _ : _ <= _, _ => intro; side
  | |- forall _ : _ <> _, _ => intro; side
  | |- forall _ : _ = _ :> R, _ => intro; side
  | |- 0 < _ => positive
  | |- 0 <= _ => nonnegative
  | |- _ <> 0 => first
    [ assumption
    | match goal with H : _ |- _ => apply H; lia end
    | lazymatch goal with
      | |- _ * _ <> 0 => apply Rmult_integral_contrapositive_currified; side
      | |- / _ <> 0 => apply Rinv_neq_0_compat; side
      | |- - _ <> 0 => apply Ropp_neq_0_compat; side
      | |- _ ^ _ <> 0 => apply pow_nonzero; side
      | |- IZR _ <> 0 => first [apply IZR_neq; lia | apply not_0_IZR; lia]
      | |- _ => apply not_eq_sym, Rlt_not_eq; positive
      end
    | lra
    | match goal with H : _ |- _ => let E := fresh in intro E; apply H; [lia | lra] end
    | match goal with H : _ <> 0 |- _ => let E := fresh in intro E; apply H; lra end
    | match goal with E : ?C = ?r, K : ?C <> 0 |- ?r <> 0 => rewrite <- E; exact K end
    | match goal with E : ?C = sqrt ?S, K : ?C <> 0 |- ?S <> 0 =>
        let Q := fresh in intro Q; apply K; rewrite E, Q; apply sqrt_0 end
    | eapply above; match goal with H : _ |- _ => apply H; lia end
    | match goal with H : forall _ : Z, _ -> _ <> 0, i : Z |- _ =>
        let E := fresh in intro E; apply (H i); [lia | lra] end
    | given
    | match goal with |- ?e <> 0 => progress ring_simplify e; side end ]
  | |- _ => first [assumption | lia | lra | given]
  end.

(* Two sides that are written alike: `reflexivity` would open the real numbers where they are not. *)
Ltac same := match goal with |- ?a = ?a => reflexivity end.

(* Roots as letters, of which the squares are known. *)
Ltac roots :=
  repeat match goal with
  | |- context [sqrt ?P] =>
    let S := fresh "S" in let H := fresh "H" in
    assert (H : sqrt P * sqrt P = P) by (apply sqrt_sqrt; nonnegative);
    try (assert (S : 0 < sqrt P) by (apply sqrt_lt_R0; positive));
    let r := fresh "r" in
    generalize dependent (sqrt P); intros
  end.

From Coq Require Import Nsatz.
Open Scope R_scope.

Ltac by_roots := roots;
  first
  [ solve [repeat match goal with H : ?r * ?r = ?P |- _ => rewrite <- !H; clear H end; field; side]
  | solve [repeat match goal with H : ?r * ?r = ?P |- _ => field_simplify_eq in H; [revert H | side ..] end; intros;
           field_simplify_eq; [nsatz | side ..]] ].

(* The letter v in the root of P = v + Q as what is left of its square. *)
Ltac root_by P v Q :=
  match goal with
  | |- context [sqrt P] =>
    let E := fresh "E" in let S := fresh "S" in let r := fresh "r" in
    assert (E : v = sqrt P * sqrt P - Q) by (rewrite sqrt_sqrt; [ring | nonnegative]);
    assert (S : 0 < sqrt P) by (apply sqrt_lt_R0; positive);
    revert E S; generalize (sqrt P); intros r E S; rewrite E; clear E
  | _ => idtac
  end.

(* Case by case, the innermost test first; a case that cannot be is left out. *)
Ltac plain t :=
  lazymatch t with
  | context [Rlt_dec _ _] => fail
  | context [Rle_dec _ _] => fail
  | context [Req_EM_T _ _] => fail
  | context [Rabs _] => fail
  | context [sign _] => fail
  | context [Rmax _ _] => fail
  | context [Rmin _ _] => fail
  | _ => idtac
  end.
Ltac one_case :=
  let E := fresh "E" in
  match goal with
  | |- context [Rlt_dec ?a ?b] => plain a; plain b; destruct (Rlt_dec a b) as [E|E%Rnot_lt_le]
  | |- context [Rle_dec ?a ?b] => plain a; plain b; destruct (Rle_dec a b) as [E|E%Rnot_le_lt]
  | |- context [Req_EM_T ?a ?b] => plain a; plain b; destruct (Req_EM_T a b) as [E|E]
  | |- context [Rabs ?a] => plain a; destruct (Rle_lt_dec 0 a) as [E|E]; [rewrite (Rabs_pos_eq a E) | rewrite (Rabs_left a E)]
  | |- context [sign ?a] => plain a; destruct (Rtotal_order 0 a) as [E|[E|E]];
    [rewrite (sign_eq_1 a E) | replace (sign a) with 0 by (rewrite <- E; symmetry; apply sign_0) | rewrite (sign_eq_m1 a E)]
  | |- context [Rmax ?a ?b] => plain a; plain b; destruct (Rle_lt_dec a b) as [E|E];
    [rewrite (Rmax_right a b E) | rewrite (Rmax_left a b (Rlt_le b a E))]
  | |- context [Rmin ?a ?b] => plain a; plain b; destruct (Rle_lt_dec a b) as [E|E];
    [rewrite (Rmin_left a b E) | rewrite (Rmin_right a b (Rlt_le b a E))]
  end.
Ltac cases := repeat (one_case; try solve [exfalso; lra]); intros.
Ltac branching := match goal with |- _ -> _ => idtac | |- ?G => tryif plain G then fail else idtac end.
Ltac excluded :=
  exfalso; match goal with K : _ <> _ |- _ => solve [apply K; lra] | K : _ -> _ |- _ => solve [apply K; lra] end.

Ltac plainly := first [same | ring | solve [field; side] | lra | by_roots].

(* The last line of an equality: both sides have one form. *)
Ltac finish :=
  cbv beta; rewrite ?delta_same, ?plus_IZR, ?minus_IZR, ?mult_IZR;
  tryif branching then (cases; first [same | ring | excluded | lra | solve [plainly]]) else plainly.

(* A function of what branches: in each case it is one function of what stands there. *)
Ltac each_case tactic :=
  tryif branching
  then (cases; first [same | excluded | unfold Rdiv; match goal with |- _ = ?R => ring_simplify R end; tactic tt])
  else tactic tt.

(* exp of a sum as a product. *)
Ltac exponents := each_case ltac:(fun _ =>
  unfold Rdiv; rewrite ?Rmult_1_l, ?Rmult_0_l, ?Rmult_0_r, ?Ropp_0, ?exp_0;
  repeat first [rewrite exp_power | rewrite <- exp_Ropp | rewrite <- exp_plus]; f_equal; cbn [Z.of_nat Pos.of_succ_nat Pos.succ];
  finish).

(* A function whose argument is zero. *)
Ltac at_zero :=
  lazymatch goal with
  | |- ?f ?a = _ =>
    replace a with 0 by (symmetry; finish);
    first [apply exp_0 | apply sin_0 | apply cos_0 | apply atan_0 | apply sqrt_0
          | unfold tanh, sinh, cosh; rewrite ?Ropp_0, ?exp_0; field]
  end.

(* A power with a general exponent as a product. *)
Ltac powers :=
  rewrite ?Rpower_mult;
  match goal with
  | |- Rpower _ _ = Rpower _ _ => solve [f_equal; finish]
  | |- Rpower ?b _ = _ =>
    let P := fresh "P" in let r := fresh "r" in
    first
    [ assert (P : 0 < b) by side; revert P; generalize b; intros r P;
      replace r with (exp (ln r)) by (apply exp_ln; exact P); unfold Rpower; rewrite ?ln_exp; exponents
    | unfold Rpower; exponents ]
  end.

(* One function of two forms of the same argument. *)
Ltac arguments := each_case ltac:(fun _ => first [same | f_equal; finish]).

(* A condition at the point of the derivative, where an entry is replaced by itself. *)
Ltac at_point := rewrite ?replace1_same, ?replace2_same, ?replace3_same; cbv beta.
Ltac at_point_in H := rewrite ?replace1_same, ?replace2_same, ?replace3_same in H; cbv beta in H.
Ltac side_at := at_point; side.

(* Two branches where they meet. *)
Ltac meeting := at_point; cbn [Z.of_nat Pos.of_succ_nat Pos.succ]; cases; first [exfalso; lra | lra | nra].

(* A slope that is zero as two indices differ. *)
Ltac still N := at_point; rewrite ?(delta_other _ _ N), ?(delta_other _ _ (not_eq_sym N)); unfold Rdiv; ring.

(* A theorem of a section takes all letters and hypotheses of it, used or not. *)
#[export] Set Default Proof Using "All".

(* -- at points ----------------------------------------------------------------------------------------- *)

Lemma one_derivative : forall (f : R -> R) (x l l' : R), is_derive f x l -> is_derive f x l' -> l = l'.
Proof. intros f x l l' H H'. rewrite <- (is_derive_unique f x l H). now apply is_derive_unique. Qed.

(* Sums between numbers and entries at numbers are carried out; operations of real numbers are left as they are. *)
Ltac carried_out :=
  cbv beta iota zeta delta
    [Sum upto delta replace1 replace2 replace3 andb Z.eqb Pos.eqb Z.to_nat Z.add Z.sub Z.opp Z.mul Z.pos_sub
     Z.succ_double Z.pred_double Z.double Pos.add Pos.add_carry Pos.succ Pos.pred_double Pos.mul Pos.to_nat Pos.iter_op
     Nat.add Init.Nat.add].

(* A goal for every k from one number to another: the goals for each. *)
Ltac each k H :=
  lazymatch type of H with
  | (?lo <= k <= ?hi)%Z =>
    let some := eval cbv in (Z.leb lo hi) in
    lazymatch some with
    | false => exfalso; lia
    | true =>
      let N := fresh in let rest := fresh in destruct (Z.eq_dec k lo) as [N|N];
      [ subst k; clear H
      | let next := eval cbv in (lo + 1)%Z in
        assert (rest : (next <= k <= hi)%Z) by lia; clear H N; each k rest ]
    end
  end.

(* Functions in cases, where `known` proves which case it is. *)
Ltac settled known :=
  repeat match goal with
  | |- context [Rabs ?x] => first
    [rewrite (Rabs_pos_eq x) by (apply Rlt_le; known) | rewrite (Rabs_left x) by known | rewrite (Rabs_pos_eq x) by known]
  | |- context [sign ?x] => first
    [rewrite (sign_eq_1 x) by known | rewrite (sign_eq_m1 x) by known | replace (sign x) with 0 by (symmetry; replace x with 0 by known; apply sign_0)]
  | |- context [Rmax ?x ?y] => first
    [rewrite (Rmax_left x y) by (apply Rlt_le; known) | rewrite (Rmax_right x y) by (apply Rlt_le; known) | rewrite (Rmax_left x y) by known]
  | |- context [Rmin ?x ?y] => first
    [rewrite (Rmin_left x y) by (apply Rlt_le; known) | rewrite (Rmin_right x y) by (apply Rlt_le; known) | rewrite (Rmin_left x y) by known]
  | |- context [Rlt_dec ?x ?y] => destruct (Rlt_dec x y) as [?|?]; [try (exfalso; assert (y <= x) by first [known | apply Rlt_le; known]; lra) | try (exfalso; assert (x < y) by known; lra)]
  | |- context [Rle_dec ?x ?y] => destruct (Rle_dec x y) as [?|?]; [try (exfalso; assert (y < x) by known; lra) | try (exfalso; assert (x <= y) by first [known | apply Rlt_le; known]; lra)]
  | |- context [Req_EM_T ?x ?y] => destruct (Req_EM_T x y) as [?|?]; [try (exfalso; first [assert (x < y) by known | assert (y < x) by known]; lra) | try (exfalso; assert (x = y) by known; lra)]
  end.

(* A relation between rational numbers. *)
Ltac exactly := carried_out; settled ltac:(lra); lra.

Lemma tanh_exp : forall x : R, tanh x = 1 - 2 / (exp (2 * x) + 1).
Proof.
  intro x. assert (P := exp_pos x). replace (2 * x) with (x + x) by ring. rewrite exp_plus.
  unfold tanh, sinh, cosh. rewrite exp_Ropp. field. repeat split; nra.
Qed.

(* That a rational number is the root of its square. *)
Ltac square_root :=
  carried_out; match goal with |- ?y = sqrt ?x => replace x with (y * y) by lra; symmetry; apply sqrt_square; lra end.

(* All functions in terms of those that enclosures know; the argument of tanh, which may be long, stands there once. *)
Ltac elementary :=
  carried_out; rewrite ?tanh_exp; unfold erfc, erf, coth, sech, csch, acosh, atanh, arcsinh, tan, tanh, sinh, cosh, Rpower.

(* A relation between real numbers, where `known` encloses them, and `integral` introduces the bounds of one. *)
Ltac enclosing known := elementary; settled ltac:(first [lra | known]); known.
Ltac enclosing_integrals integral known :=
  elementary; repeat match goal with |- context [RInt ?f ?a ?u] => integral (RInt f a u) end;
  first [apply Rminus_gt_0_lt | apply Rminus_le_0]; known.
